//! How a photo is shown, on the page of its listing and among its host's photos.

use crate::features::listings::gallery::Photo;
use poem_openapi::Object;
use uuid::Uuid;

/// A photo of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct PhotoView {
    id: Uuid,
    /// What is to be seen, in the host's words; may be empty.
    alt: String,
    /// A blurred stand-in until the picture is there (<https://blurha.sh>).
    blurhash: String,
    /// Of the largest file.
    width: i64,
    height: i64,
    /// The same picture in several widths, narrowest first.
    files: Vec<PhotoFileView>,
    /// Rises with every change of the photo.
    version: i64,
}

/// A file of a photo.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct PhotoFileView {
    width: u32,
    /// A path of this instance. What is found there never changes.
    url: String,
}

impl PhotoView {
    #[must_use]
    pub fn of(photo: Photo) -> Self {
        Self {
            id: photo.id,
            alt: photo.alt,
            blurhash: photo.blurhash,
            width: photo.width,
            height: photo.height,
            files: photo.files.into_iter().map(|(width, url)| PhotoFileView { width, url }).collect(),
            version: photo.version,
        }
    }
}
