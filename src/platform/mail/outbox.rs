//! Where letters go without an SMTP server: a file each, that any mail program opens, readable by the owner only.

use crate::platform::private;
use crate::values::Instant;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub(super) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("outbox")
}

/// Writes a message to `folder`, durable before this answers; answers its path. The same letter again takes the same name.
pub(super) fn write(folder: &Path, id: Uuid, at: Instant, message: &[u8]) -> io::Result<PathBuf> {
    private::folder(folder)?;
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let time = at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string();
    let path = folder.join(format!("{time}-{id}.eml"));
    // Under another name first, so that nobody ever reads half a letter.
    let unfinished = folder.join(format!(".{id}-{}", Uuid::new_v4()));
    let written = write_whole(&unfinished, message).and_then(|()| fs::rename(&unfinished, &path));
    if written.is_err() && unfinished.exists() {
        fs::remove_file(&unfinished)?;
    }
    written?;
    File::open(folder)?.sync_all()?;
    Ok(path)
}

fn write_whole(path: &Path, message: &[u8]) -> io::Result<()> {
    let mut file = private::new_file(path)?;
    file.write_all(message)?;
    file.sync_all()
}
