//! Requests about photos that succeed for whoever is let in: everybody has a home with a photo. For `cast.rs`.

use super::cast::{Cast, Request, Who, run, run_any};
use crate::media::stage::{BOUNDARY, body, file, jpeg};
use crate::support::homes::home;
use serde_json::json;
use stopover::values::{Clock, Instant};
use uuid::Uuid;

impl Cast<'_> {
    pub(super) async fn request_of_photos(&self, operation: &str, who: Who) -> Request {
        if operation == "readPhotoFile" {
            return Request { places: vec![("{file}", format!("{}-480.jpg", "0".repeat(64)))], ..Request::default() };
        }
        if operation == "listPhotos" {
            return Request { id: Some(self.listing), ..Request::default() };
        }
        let host = self.user(who).filter(|_| !who.shows_nothing_valid()).unwrap_or(self.host);
        let listing = home(self.db, &json!(host.0), "Home of photos").await;
        let photo = self.photo(listing).await;
        let request = Request { id: Some(listing), places: vec![("{pid}", photo.to_string())], ..Request::default() };
        match operation {
            "addPhotos" => {
                let kind = format!("multipart/form-data; boundary={BOUNDARY}");
                Request { raw: Some((kind, body(&[file("x.jpg", jpeg(32, 32, 1))]))), ..request }
            }
            "changePhoto" => Request { body: Some(json!({"alt": "Asked by the matrix"})), ..request },
            "orderPhotos" => Request { body: Some(json!({"photos": [photo]})), ..request },
            _ => request,
        }
    }

    async fn photo(&self, listing: Uuid) -> Uuid {
        const FILE: &str = "INSERT INTO media_files (hash, width, bytes, doomed, created_at) VALUES ($1, 100, 1, FALSE, $2) ON CONFLICT (hash) DO NOTHING";
        const PHOTO: &str = "INSERT INTO listing_photos (id, listing_id, hash, place, alt, file_name, width, height, blurhash, version, created_at, updated_at)
            VALUES ($1, $2, $3, 0, '', 'x.jpg', 100, 80, 'L00000fQfQfQfQfQfQfQfQfQfQfQ', 1, $4, $4)";
        let (id, hash, now): (Uuid, String, Instant) = (Uuid::now_v7(), "a".repeat(64), self.town.clock.now());
        run_any(self.db, FILE, vec![hash.clone().into(), now.into()]).await;
        run(self.db, PHOTO, vec![id.into(), listing.into(), hash.into(), now.into()]).await;
        id
    }
}
