//! Pictures, uploads, and a host with a home.

use crate::support::TestDb;
use crate::support::homes::home;
use crate::support::town::{Asker, Reply, Town};
use jpeg_encoder::{ColorType, Encoder};
use poem::http::Method;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use stopover::platform::config::Config;
use uuid::Uuid;

pub(crate) const BOUNDARY: &str = "----a-boundary-7d3f";

/// A host with a published home.
pub(super) struct Stage {
    pub(super) town: Town,
    pub(super) host: Asker,
    pub(super) listing: Uuid,
}

impl Stage {
    pub(super) async fn set(db: &TestDb) -> Self {
        Self::with(db, |_| ()).await
    }

    pub(super) async fn with(db: &TestDb, change: impl FnOnce(&mut Config)) -> Self {
        let town = Town::with(db, |config| {
            // The home was published without a photo, by hand.
            config.listings.photo_required = false;
            change(config);
        });
        let town = town.await;
        let host = town.newcomer("Ada").await;
        let me = town.get(&host, "/me").await.json();
        let listing = home(db, &me["id"], "Loft with a view").await;
        Self { town, host, listing }
    }

    pub(super) fn path(&self) -> String {
        format!("/listings/{}/photos", self.listing)
    }

    /// Uploads as somebody.
    pub(super) async fn upload_as(&self, asker: &Asker, parts: &[Part]) -> Reply {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.town.send(asker, Method::POST, &self.path(), Some(&kind), poem::Body::from(body(parts))).await
    }

    pub(super) async fn upload(&self, parts: &[Part]) -> Reply {
        self.upload_as(&self.host, parts).await
    }

    /// Uploads one photo that nobody else has; answers it.
    pub(super) async fn add(&self, seed: u8) -> Json {
        let added = self.upload(&[file("photo.jpg", jpeg(600, 400, seed))]).await;
        added.expect(201).json()["data"][0].clone()
    }

    pub(super) async fn list(&self) -> Vec<Json> {
        self.town.get(&self.host, &self.path()).await.expect(200).json()["data"].as_array().unwrap().clone()
    }

    /// All files under `media` in the data folder.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.town.folder().join("media"), &mut found);
        found
    }

    /// The address of the largest file of a photo.
    pub(super) fn largest(photo: &Json) -> String {
        photo["files"].as_array().unwrap().last().unwrap()["url"].as_str().unwrap().to_owned()
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}

/// A part of an upload: name, file name, bytes.
pub(crate) type Part = (&'static str, Option<String>, Vec<u8>);

pub(crate) fn file(name: &str, bytes: Vec<u8>) -> Part {
    ("file", Some(name.to_owned()), bytes)
}

pub(super) fn alt(text: &str) -> Part {
    ("alt", None, text.as_bytes().to_vec())
}

/// The parts as a browser writes them.
pub(crate) fn body(parts: &[Part]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.as_ref().map(|file| format!("; filename=\"{}\"", file.replace('"', "%22"))).unwrap_or_default();
        let kind = if file.is_empty() { "" } else { "Content-Type: image/jpeg\r\n" };
        body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n{kind}\r\n").bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body
}

/// A picture; another `seed` makes another.
pub(crate) fn jpeg(width: u16, height: u16, seed: u8) -> Vec<u8> {
    jpeg_with(width, height, seed, &[])
}

/// The same with an EXIF block.
pub(super) fn jpeg_with(width: u16, height: u16, seed: u8, exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 85);
    if !exif.is_empty() {
        encoder.add_exif_metadata(exif).unwrap();
    }
    let shade = |x: usize, y: usize| [u8::try_from(x * 255 / usize::from(width)).unwrap(), u8::try_from(y * 255 / usize::from(height)).unwrap(), seed];
    let rgb: Vec<u8> = (0..usize::from(height)).flat_map(|y| (0..usize::from(width)).flat_map(move |x| shade(x, y))).collect();
    encoder.encode(&rgb, width, height, ColorType::Rgb).unwrap();
    bytes
}

/// A PNG whose header promises a picture of this size, and hardly anything behind it.
pub(crate) fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        std::io::Write::write_all(&mut zlib, &vec![0; 1 << 20]).unwrap();
    }
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &zlib.finish().unwrap()), chunk(b"IEND", b"")].concat()
}
