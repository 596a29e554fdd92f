//! A home in several languages.

use super::stage::{self, act, found, make, town, whole};
use crate::support::homes::until;
use crate::support::town::Asker;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;

on_both!(guests_read_what_suits_them_and_find_every_language, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let id = make(&town, &ada, whole("Attic of the swift")).await;
    let texts = |tag: &str| format!("/listings/{id}/texts/{tag}");
    let german = json!({"title": "Dachboden der Segler", "description": "Unterm Giebel, mit Mauerseglern."});
    let put = town.ask(&ada, Method::PUT, &texts("DE"), Some(&german)).await;
    assert_eq!((put.expect(200).json()["version"].as_i64(), put.header("etag")), (Some(2), "\"2\""));
    let again = town.ask(&ada, Method::PUT, &texts("de"), Some(&german)).await;
    assert_eq!(again.expect(200).json()["version"], 2, "the same again changes nothing");
    town.ask(&ada, Method::PUT, &texts("pt-br"), Some(&json!({"summary": "Pequeno e alto."}))).await.expect(200);
    act(&town, &ada, &id, "publish").await.expect(200);

    let page = async |query: &str, wanted: &str| {
        let headers = vec![("accept-language".to_owned(), wanted.to_owned())];
        let reply = town.get(&Asker { headers, ..Asker::default() }, &format!("/listings/{id}{query}")).await;
        let json = reply.expect(200).json();
        (json["language"].as_str().unwrap().to_owned(), json["title"].as_str().unwrap().to_owned(), reply.header("etag").to_owned())
    };
    let own = page("", "").await;
    assert_eq!((own.0.as_str(), own.1.as_str()), ("en", "Attic of the swift"));
    let german = page("", "de-AT, en;q=0.5").await;
    assert_eq!((german.0.as_str(), german.1.as_str()), ("de", "Dachboden der Segler"));
    assert_ne!(own.2, german.2, "other words, another tag");
    for (query, wanted, language) in [
        ("", "en, de;q=0.9", "en"),
        ("", "fr, pt;q=0.9, de;q=0.5", "pt-BR"),
        ("?lang=de", "en", "de"),
        ("?lang=fr", "de", "en"),
        ("", "fr", "en"),
        ("", "*", "en"),
    ] {
        assert_eq!(page(query, wanted).await.0, language, "{query} {wanted}");
    }
    // What a translation leaves out is told as the host wrote it.
    assert_eq!(page("?lang=pt", "").await.1, "Attic of the swift");
    let languages = town.get(&Asker::default(), &format!("/listings/{id}")).await.json()["languages"].clone();
    assert_eq!(languages, json!(["en", "de", "pt-BR"]));
    for words in ["q=mauerseglern", "q=giebel", "q=dachboden", "q=pequeno", "q=swifts"] {
        until(async || found(&town, words).await == 1).await;
    }
    town.get(&Asker::default(), &format!("/listings/{id}?lang=klingon!")).await.expect_problem(422, "invalid_language");

    town.ask(&ada, Method::DELETE, &texts("de"), None).await.expect(200);
    town.ask(&ada, Method::DELETE, &texts("de"), None).await.expect_problem(404, "not_found");
    until(async || found(&town, "q=giebel").await == 0).await;
    until(async || page("?lang=de", "").await.0 == "en").await;
});

on_both!(translations_are_judged_and_counted, async |db: TestDb| {
    let town = town(&db).await;
    let ada = town.newcomer("Ada").await;
    let id = make(&town, &ada, whole("Attic")).await;
    let put = async |tag: &str, body: serde_json::Value| town.ask(&ada, Method::PUT, &format!("/listings/{id}/texts/{tag}"), Some(&body)).await;
    let refused = put("de", json!({"title": "x".repeat(101), "summary": "a\u{0}"})).await;
    assert_eq!(stage::pointers(refused.expect_problem(422, "invalid_fields")), ["/body/summary", "/body/title"]);
    put("d", json!({"title": "x"})).await.expect_problem(422, "invalid_language");
    for letter in 'a'..='t' {
        put(&format!("x{letter}"), json!({"title": "x"})).await.expect(200);
    }
    put("de", json!({"title": "x"})).await.expect_problem(409, "too_many_languages");
    put("xa", json!({"title": "y"})).await.expect(200);
});
