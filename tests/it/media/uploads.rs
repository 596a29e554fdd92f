//! What is no photo, what is too much, and what breaks off.

use super::stage::{BOUNDARY, Part, Stage, alt, body, file, jpeg, png_bomb};
use crate::support::{TestDb, on_both};
use futures_util::stream;
use poem::Body;
use poem::http::Method;
use std::time::Duration;
use stopover::platform::config::{Size, Span};

on_both!(content_decides_and_names_do_nothing, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;".to_vec();
    let heic = [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], &[0; 100]].concat();
    for (name, bytes) in [
        ("photo.jpg", svg),
        ("photo.jpg", gif),
        ("photo.jpg", heic),
        ("photo.jpg", b"%PDF-1.7 and more".to_vec()),
        ("photo.png", b"<!doctype html><html>".to_vec()),
        ("photo.jpg", b"\xff\xd8".to_vec()),
        ("photo.jpg", Vec::new()),
    ] {
        let refused = stage.upload(&[file("fine.jpg", jpeg(100, 80, 1)), file(name, bytes)]).await;
        refused.expect_problem(415, "unsupported_media_type");
        assert_eq!(refused.json()["errors"][0]["pointer"], "/body/file/1");
    }
    assert!(stage.list().await.is_empty(), "either all files are added or none");
    // A photo by its content, whatever its name; and names that would be something elsewhere.
    let long = "x".repeat(4_096);
    for name in ["virus.svg", "../../../etc/passwd", "..\\..\\boot.ini", "CON", "\u{202e}gpj.exe", &long, "😀.png", "", "..", "/", "photo.php;.jpg"] {
        stage.upload(&[file(name, jpeg(100, 80, 1))]).await.expect(201);
    }
    let media = stage.town.folder().join("media");
    for path in stage.files() {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(path.starts_with(&media) && name.len() == 64 + 8 && name.ends_with("-100.jpg"), "{}", path.display());
    }
    assert_eq!((stage.files().len(), stage.list().await.len()), (1, 11));
    stage.upload(&[file("a\0b.jpg", jpeg(100, 80, 1))]).await.expect_problem(400, "invalid_body");
});

on_both!(bombs_and_torsos_are_refused, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    stage.upload(&[file("x.png", png_bomb(50_000, 50_000))]).await.expect_problem(422, "photo_dimensions");
    stage.upload(&[file("x.png", png_bomb(12_000, 5_000))]).await.expect_problem(422, "photo_dimensions");
    let whole = jpeg(300, 200, 1);
    stage.upload(&[file("x.jpg", whole[..40].to_vec())]).await.expect_problem(422, "photo_unreadable");
    stage.upload(&[file("x.jpg", [&b"\xff\xd8\xff\xe0"[..], &[7; 500]].concat())]).await.expect_problem(422, "photo_unreadable");
    assert!(stage.list().await.is_empty() && stage.files().is_empty());
});

on_both!(what_is_too_large_is_refused_early, async |db: TestDb| {
    let stage = Stage::with(&db, |config| config.media.photo_limit = Size(50_000)).await;
    let large = [jpeg(100, 80, 1), vec![0; 60_000]].concat();
    stage.upload(&[file("x.jpg", large)]).await.expect_problem(413, "photo_too_large");
    // Announced as more than any upload may have: nothing of it is read.
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let mut asker = stage.host.clone();
    asker.headers.push(("content-length".into(), (400_u64 << 20).to_string()));
    let reply = stage.town.send(&asker, Method::POST, &stage.path(), Some(&kind), Body::empty()).await;
    reply.expect_problem(413, "body_too_large");
    assert!(stage.files().is_empty());
});

on_both!(odd_bodies_are_told, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let send = async |kind: Option<&str>, bytes: Vec<u8>| stage.town.send(&stage.host, Method::POST, &stage.path(), kind, Body::from(bytes)).await;
    let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
    send(Some("application/json"), b"{}".to_vec()).await.expect_problem(415, "unsupported_media_type");
    send(None, Vec::new()).await.expect_problem(415, "unsupported_media_type");
    send(Some("multipart/form-data"), body(&[])).await.expect_problem(415, "unsupported_media_type");
    send(Some(&multipart), Vec::new()).await.expect_problem(400, "invalid_body");
    send(Some(&multipart), b"no parts at all".to_vec()).await.expect_problem(400, "invalid_body");
    send(Some(&multipart), body(&[])).await.expect_problem(422, "photo_missing");
    let half = body(&[file("x.jpg", jpeg(100, 80, 1))]);
    send(Some(&multipart), half[..half.len() - 20].to_vec()).await.expect_problem(400, "invalid_body");
    let odd: Part = ("role", None, b"operator".to_vec());
    stage.upload(&[odd, file("x.jpg", jpeg(100, 80, 1))]).await.expect_problem(400, "invalid_body");
    stage.upload(&[file("x.jpg", jpeg(100, 80, 1)), alt("too late")]).await.expect_problem(400, "invalid_body");
    stage.upload(&[alt("a\nb"), file("x.jpg", jpeg(100, 80, 1))]).await.expect_problem(422, "invalid_alt");
    stage.upload(&[alt(&"x".repeat(5_000)), file("x.jpg", jpeg(100, 80, 1))]).await.expect_problem(413, "photo_too_large");
    assert!(stage.list().await.is_empty());
});

on_both!(a_head_without_an_end_is_not_kept, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let start = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"").into_bytes();
    let pieces = std::iter::once(start).chain((0..2_000).map(|_| vec![b'x'; 16 << 10]));
    let body = Body::from_bytes_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)));
    let reply = stage.town.send(&stage.host, Method::POST, &stage.path(), Some(&kind), body).await;
    reply.expect_problem(400, "invalid_body");
});

on_both!(who_sends_too_slowly_is_told_so, async |db: TestDb| {
    let stage = Stage::with(&db, |config| config.http.upload_timeout = Span(Duration::from_millis(300))).await;
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let start = body(&[file("x.jpg", jpeg(100, 80, 1))])[..400].to_vec();
    let slow = stream::unfold(Some(start), |piece| async {
        match piece {
            Some(piece) => Some((Ok::<_, std::io::Error>(piece), None)),
            None => std::future::pending().await,
        }
    });
    let reply = stage.town.send(&stage.host, Method::POST, &stage.path(), Some(&kind), Body::from_bytes_stream(slow)).await;
    reply.expect_problem(408, "request_timeout");
    assert!(stage.files().is_empty(), "{:?}", stage.files());
});
