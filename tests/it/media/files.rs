//! The files themselves: headers, conditions, ranges, and names that are none.

use super::stage::{Stage, file, jpeg, jpeg_with};
use crate::support::town::{Asker, Reply};
use crate::support::{TestDb, on_both};
use poem::http::Method;

async fn fetch(stage: &Stage, url: &str, headers: &[(&str, &str)]) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    stage.town.get(&Asker { headers, ..Asker::default() }, &format!("/{url}")).await
}

on_both!(files_are_served_for_a_year_and_do_nothing_else, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let photo = stage.add(1).await;
    let url = Stage::largest(&photo);
    let whole = fetch(&stage, &url, &[]).await;
    whole.expect(200);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
    }
    assert_eq!(whole.header("content-disposition"), format!("inline; filename=\"{}\"", url.trim_start_matches("/media/")));
    assert!(whole.header("vary").is_empty() && whole.header("content-encoding").is_empty());
    let tag = whole.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 60);
    // Known already.
    let known = fetch(&stage, &url, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status.as_u16(), known.body.len(), known.header("etag")), (304, 0, tag.as_str()));
    assert_eq!(fetch(&stage, &url, &[("if-none-match", "\"other\"")]).await.status, 200);
    // Parts.
    let length = whole.body.len();
    let part = fetch(&stage, &url, &[("range", "bytes=10-19")]).await;
    assert_eq!((part.expect(206).body.as_slice(), part.header("content-range")), (&whole.body[10..20], format!("bytes 10-19/{length}").as_str()));
    assert_eq!(fetch(&stage, &url, &[("range", "bytes=-5")]).await.expect(206).body, whole.body[length - 5..]);
    let outside = fetch(&stage, &url, &[("range", &format!("bytes={length}-"))]).await;
    assert_eq!((outside.status.as_u16(), outside.header("content-range")), (416, format!("bytes */{length}").as_str()));
    assert_eq!(fetch(&stage, &url, &[("range", "bytes=0-1,4-5")]).await.expect(200).body.len(), length);
    assert_eq!(fetch(&stage, &url, &[("range", "bytes=0-1"), ("if-range", &tag)]).await.expect(206).body.len(), 2);
    assert_eq!(fetch(&stage, &url, &[("range", "bytes=0-1"), ("if-range", "\"old\"")]).await.expect(200).body.len(), length);
    // Only the head.
    let head = stage.town.ask(&Asker::default(), Method::HEAD, &format!("/{url}"), None).await;
    assert_eq!((head.status.as_u16(), head.header("content-length")), (200, length.to_string().as_str()));
});

on_both!(no_other_name_leads_to_a_file, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let url = Stage::largest(&stage.add(1).await);
    let name = url.trim_start_matches("/media/");
    for odd in [
        format!("/media/{}", name.to_uppercase()),
        url.replace(".jpg", ".png"),
        url.replace(".jpg", ".jpg%00.png"),
        url.replace("-600", "-0600"),
        url.replace("-600", "-480"),
        "/media/..%2f..%2fstopover.db".to_owned(),
        "/media/%2e%2e%2fkeys%2fmaster.key".to_owned(),
        format!("/media/..%2fmedia%2f{name}"),
        "/media/tmp".to_owned(),
        format!("/media/{}-480.jpg", "0".repeat(64)),
    ] {
        let status = fetch(&stage, &odd, &[]).await.status.as_u16();
        // The middle size is there.
        assert!(status == 404 || status == 400 || (odd.contains("-480.jpg") && status == 200), "{odd}: {status}");
    }
    assert_eq!(fetch(&stage, &format!("{url}?width=1"), &[]).await.status, 400);
});

on_both!(nothing_tells_where_it_was_taken, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    // A little-endian TIFF: turned by 90 degrees, and a place.
    let mut exif = b"II\x2a\0\x08\0\0\0\x02\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
    exif.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"\x01\0\x01\0\x02\0\x02\0\0\0N\0\0\0\0\0\0\0 GPS 42.6526 N 73.7562 W");
    let mut bytes = jpeg_with(600, 400, 1, &exif);
    assert!(bytes.windows(3).any(|part| part == b"GPS"));
    bytes.extend_from_slice(b"<script>alert(1)</script>");
    let added = stage.upload(&[file("home.jpg", bytes)]).await.expect(201).json();
    let photo = &added["data"][0];
    assert_eq!((&photo["width"], &photo["height"]), (&serde_json::json!(400), &serde_json::json!(600)), "it stands upright");
    for size in photo["files"].as_array().unwrap() {
        let served = fetch(&stage, size["url"].as_str().unwrap(), &[]).await;
        for words in ["GPS", "Exif", "script"] {
            assert!(!served.body.windows(words.len()).any(|part| part == words.as_bytes()), "{words}");
        }
    }
    // The same picture twice is the same files.
    let before = stage.files().len();
    stage.upload(&[file("a.jpg", jpeg(600, 400, 7)), file("b.jpg", jpeg(600, 400, 7))]).await.expect(201);
    assert_eq!((stage.list().await.len(), stage.files().len()), (3, before + 2));
});
