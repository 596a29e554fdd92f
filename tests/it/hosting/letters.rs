//! The letters about co-hosts: who gets which, and what stands in none of them.

use super::co_hosts::{accept, invite, join, person};
use crate::support::homes::{self, id};
use crate::support::town::{Town, email_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;
use stopover::platform::config::{Limits, Rate};

/// Who got a letter with which subject since the `first` ones.
async fn since(town: &Town, first: usize) -> Vec<String> {
    let letters = town.letters().await;
    let mut all: Vec<String> = letters[first..].iter().map(|letter| format!("{}: {}", letter.to, letter.subject)).collect();
    all.sort();
    all
}

on_both!(both_sides_are_told, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ((ada, ada_id), (bo, bo_id), (cy, _)) = (person(&town, "Ada").await, person(&town, "Bo").await, person(&town, "Cy").await);
    let home = homes::home(&db, &ada_id, "Attic of the lark").await;
    let told = async |from: usize, expected: &[(&str, &str)]| {
        let all = since(&town, from).await;
        let mut wanted: Vec<_> = expected.iter().map(|(to, subject)| (email_of(to), *subject)).collect();
        wanted.sort();
        assert!(all.len() == wanted.len(), "{all:?}");
        for (to, subject) in wanted {
            assert!(all.iter().any(|one| one.contains(&to) && one.contains(subject)), "{to} {subject}: {all:?}");
        }
        town.letters().await.len()
    };
    let seen = town.letters().await.len();
    invite(&town, &ada, home, &email_of("Bo"), "full").await.expect(201);
    let seen = told(seen, &[("Bo", "help with a home")]).await;
    let letter = town.letters().await.pop().unwrap();
    assert!(letter.text.contains("Ada asks you to help with the home \"Attic of the lark\"") && letter.text.contains("/account/co-host#"), "{}", letter.text);
    accept(&town, &bo, &letter.token()).await.expect(200);
    let seen = told(seen, &[("Ada", "you have a co-host"), ("Bo", "you are a co-host")]).await;
    // A co-host asks and changes: the host is told.
    invite(&town, &bo, home, &email_of("Cy"), "calendar").await.expect(201);
    let seen = told(seen, &[("Cy", "help with a home"), ("Ada", "somebody was asked")]).await;
    accept(&town, &cy, &town.token_for("cy@").await).await.expect(200);
    let seen = told(seen, &[("Ada", "you have a co-host"), ("Cy", "you are a co-host")]).await;
    let cy_id = town.get(&cy, "/me").await.json()["id"].take();
    let path = |whom| format!("/listings/{home}/co-hosts/{}", id(whom));
    town.ask(&bo, Method::PATCH, &path(&cy_id), Some(&json!({"level": "messages"}))).await.expect(200);
    let seen = told(seen, &[("Ada", "was changed"), ("Cy", "was changed")]).await;
    town.ask(&bo, Method::PATCH, &path(&cy_id), Some(&json!({"level": "messages"}))).await.expect(200);
    let seen = told(seen, &[]).await;
    town.ask(&bo, Method::DELETE, &path(&bo_id), None).await.expect(204);
    told(seen, &[("Ada", "has left"), ("Bo", "no co-host any more")]).await;
});

on_both!(strangers_get_no_words_of_others, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, ada_id) = person(&town, "Ada").await;
    town.ask(&ada, Method::PATCH, "/me", Some(&json!({"name": "Buy pills"}))).await.expect(200);
    let home = homes::home(&db, &ada_id, "Cheap watches at example.net").await;
    invite(&town, &ada, home, "fay@example.org", "messages").await.expect(201);
    let letter = town.letters().await.pop().unwrap();
    assert!(letter.to.contains("fay@") && !letter.text.contains("pills") && !letter.text.contains("watches"), "{}", letter.text);
    // It waits until there is an account with the address.
    let token = letter.token();
    let fay = town.newcomer("Fay").await;
    accept(&town, &fay, &token).await.expect(200);
    // Nothing of it is in the database in the clear: the token is a digest, the trail has no address.
    let texts = db.read(crate::accounts::dump).await.unwrap();
    assert!(!texts.iter().any(|text| text.contains(&token)));
    assert!(!texts.iter().any(|text| text.starts_with("audit.") && text.contains("fay@")));
});

on_both!(one_mailbox_gets_so_many_letters, async |db: TestDb| {
    let town = Town::with(&db, |config| {
        let none = Rate::default();
        config.limits = Limits { mail_to_one: Rate::per_hour(2), mail: none, register: none, login: none, ..Limits::default() };
    })
    .await;
    let ((ada, ada_id), (bo, bo_id)) = (person(&town, "Ada").await, person(&town, "Bo").await);
    let (hers, his) = (homes::home(&db, &ada_id, "Attic").await, homes::home(&db, &bo_id, "Cellar").await);
    for (by, home) in [(&ada, hers), (&bo, his), (&ada, hers), (&bo, his)] {
        // The answer does not tell how often others have asked.
        invite(&town, by, home, "fay+x@example.org", "calendar").await.expect(201);
    }
    assert_eq!(town.letters().await.iter().filter(|letter| letter.to.contains("fay")).count(), 2);
    join(&town, &ada, hers, (&bo, "Bo"), "calendar").await;
});
