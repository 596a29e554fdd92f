//! Receives an upload: file by file onto the disk, developed, and its sizes put onto the shelf, before any row says so.

use super::incoming::{ALT, FILE, Incoming};
use crate::features::media::house::Media;
use crate::features::media::picture::Developed;
use crate::features::media::rules::{self, FileName, PhotoRefusal, words};
use crate::features::media::service::{self, Deed, Shot};
use crate::features::media::temporary::Draft;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::tasks::aside;
use anyhow::Context;
use multer::{Field, Multipart};
use tokio::time::{Instant, timeout_at};

/// All files of an upload, developed and on the shelf. Refused as a whole when one of them is no photo.
pub(super) async fn receive(media: &Media, deed: &Deed, incoming: &Incoming) -> Result<Vec<Shot>> {
    let until = Instant::now() + media.tools.config.http.upload_timeout.0;
    let (asker, most) = (deed.clone(), media.tools.config.media.photos_per_listing);
    media
        .tools
        .db
        .read(move |conn| {
            service::may_edit(conn, &asker.by, asker.listing)?;
            service::room_for(conn, asker.listing, 1, most)
        })
        .await?;
    let _turn = media.turn(deed.by.user)?;
    let settings = &media.tools.config;
    let mut parts = incoming.parts(settings.http.upload_limit.0, settings.media.photo_limit.0)?;
    let (mut shots, mut alt) = (Vec::new(), None);
    while let Some(part) = next(&mut parts, until).await? {
        incoming.went_on();
        match part.name() {
            Some(ALT) if alt.is_none() => alt = Some(words::alt(&within(until, part.text()).await?)?),
            Some(FILE) if shots.len() < settings.media.photos_per_upload => {
                let at = shots.len();
                let shot = one(media, incoming, part, until, alt.take().unwrap_or_default()).await;
                shots.push(shot.map_err(|error| of_file(error, at))?);
            }
            Some(FILE) => return Err(too_many(settings.media.photos_per_upload)),
            _ => return Err(malformed("The parts are `file`, each perhaps behind one part `alt`.")),
        }
    }
    if shots.is_empty() {
        return Err(Error::refused(Kind::Unacceptable, "photo_missing", "There is no part `file` in the upload."));
    }
    if alt.is_some() {
        return Err(malformed("A part `alt` stands before the part `file` that it is about."));
    }
    Ok(shots)
}

/// One file: onto the disk, into the studio, onto the shelf.
async fn one(media: &Media, incoming: &Incoming, mut part: Field<'static>, until: Instant, alt: String) -> Result<Shot> {
    let file_name = words::file_name(part.file_name());
    let most = media.tools.config.media.photo_limit.0 as u64;
    let mut draft = media.temporary.begin(media.tools.clock.now())?;
    let mut head = Vec::with_capacity(rules::MAGIC);
    let mut format = None;
    while let Some(chunk) = within(until, part.chunk()).await? {
        incoming.went_on();
        if draft.length() + chunk.len() as u64 > most {
            return Err(Error::refused(Kind::TooLarge, "photo_too_large", format!("A photo may have {most} bytes.")));
        }
        if format.is_none() {
            head.extend(chunk.iter().take(rules::MAGIC - head.len()));
            if head.len() == rules::MAGIC {
                // What is no photo is not received to its end.
                format = Some(rules::format_of(&head).ok_or(PhotoRefusal::Format)?);
            }
        }
        draft.write(&chunk).await?;
    }
    let format = format.ok_or(PhotoRefusal::Format)?;
    draft.finish().await?;
    let developed = media.studio.develop(draft.path().to_owned(), format).await?;
    keep(media, draft, developed, alt, file_name).await
}

/// Puts the sizes onto the shelf; the row that announces them is there before.
async fn keep(media: &Media, draft: Draft, developed: Developed, alt: String, file_name: String) -> Result<Shot> {
    drop(draft);
    let Developed { hash, width, height, blurhash, files } = developed;
    let bytes = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let name = hash.clone();
    media.tools.db.write(move |tx, now| service::announce(tx, now, &name, width, bytes)).await?;
    let (shelf, name) = (media.shelf.clone(), hash.clone());
    let putting = aside(move || files.iter().try_for_each(|(width, bytes)| shelf.put(&FileName::new(&name, *width), bytes)));
    putting.await.context("a photo could not be stored")??;
    Ok(Shot { hash, width, height, blurhash, alt, file_name })
}

async fn next(parts: &mut Multipart<'static>, until: Instant) -> Result<Option<Field<'static>>> {
    within(until, parts.next_field()).await
}

/// Waits for the client, but not for ever.
async fn within<T>(until: Instant, reading: impl Future<Output = multer::Result<T>>) -> Result<T> {
    match timeout_at(until, reading).await {
        Ok(read) => read.map_err(broken_off),
        Err(_elapsed) => Err(Error::refused(Kind::TooSlow, "request_timeout", "The upload did not arrive in time.")),
    }
}

fn broken_off(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamSizeExceeded { limit } => Error::refused(Kind::TooLarge, "body_too_large", format!("An upload may have {limit} bytes.")),
        multer::Error::FieldSizeExceeded { limit, .. } => Error::refused(Kind::TooLarge, "photo_too_large", format!("A part may have {limit} bytes.")),
        other => malformed(&format!("The upload cannot be read: {other}.")),
    }
}

fn malformed(detail: &str) -> Error {
    Error::refused(Kind::Malformed, "invalid_body", detail)
}

fn too_many(most: usize) -> Error {
    Error::refused(Kind::TooLarge, "body_too_large", format!("An upload may have {most} files."))
}

/// Says which file it was.
fn of_file(error: Error, at: usize) -> Error {
    let Error::Refused(refused) = &error else { return error };
    let (code, message) = (refused.code, refused.detail.clone());
    error.with_error(FieldError::new(format!("/body/{FILE}/{at}"), code, message))
}
