//! Photos of listings: taken in as they come, made anew in a few sizes, kept by the hash of what they show.
//!
//! Follow an upload: `api/` streams it into a file under way (`temporary.rs`), `studio.rs` has it developed (`picture.rs`), the files
//! go onto the shelf (`shelf/`), and last a row says that a listing shows them (`service.rs`). So a row never lacks its files, and
//! what is left of a request that broke off is swept away (`jobs.rs`).

mod api;
mod house;
mod jobs;
mod personal;
mod picture;
mod rules;
mod service;
mod shelf;
mod store;
mod studio;
mod temporary;

pub use api::{DOORS, PhotoFilesApi, PhotosApi};
pub use house::{Media, has_file};
pub use jobs::{check, jobs};
pub use personal::PhotoData;
pub use service::{HouseGallery, PhotoGuard};
pub use store::STATEMENTS;
