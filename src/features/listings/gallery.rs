//! The photos of a listing, as its page asks for them. Who keeps them is not for listings to know: `app` puts it in.

use crate::platform::db::{Conn, DbResult};
use crate::values::ListingId;
use uuid::Uuid;

/// A photo as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    pub id: Uuid,
    /// What is to be seen, for those who cannot see it; may be empty.
    pub alt: String,
    /// A blurred stand-in until the picture is there.
    pub blurhash: String,
    /// Of the largest file.
    pub width: i64,
    pub height: i64,
    /// Width and address of each file, narrowest first.
    pub files: Vec<(u32, String)>,
    pub version: i64,
}

/// Whoever keeps the photos.
pub trait Gallery: Send + Sync {
    /// The photos of a listing in the host's order.
    fn photos(&self, conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<Photo>>;
}

/// For parts of the server that stand alone.
pub struct NoGallery;

impl Gallery for NoGallery {
    fn photos(&self, _conn: &mut Conn<'_>, _listing: ListingId) -> DbResult<Vec<Photo>> {
        Ok(Vec::new())
    }
}
