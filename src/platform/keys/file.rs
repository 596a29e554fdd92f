//! The file of the master key: made once, readable by its owner only.

use crate::platform::private;
use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The key in `folder`; made there when `may_make` and there is none. Durable before this answers.
pub(super) fn read_or_make(folder: &Path, may_make: bool) -> anyhow::Result<[u8; 32]> {
    let path = folder.join("master.key");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && may_make => make(folder, &path).with_context(|| format!("cannot make {}", path.display()))?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("the master key {} is missing; put it back, or name it in STOPOVER_KEYS__MASTER_FILE", path.display())
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mode = fs::metadata(&path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("others can read {}; run chmod 600 on it", path.display());
    }
    super::parse(&text).with_context(|| format!("{} holds no key", path.display()))
}

/// Writes a fresh key; when somebody else was quicker, theirs counts.
fn make(folder: &Path, path: &Path) -> anyhow::Result<String> {
    private::folder(folder)?;
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes[..]);
    // A name of its own first, so that nobody ever reads half a key.
    let fresh = folder.join(format!(".master-{}", super::fresh_secret()));
    let mut file = private::new_file(&fresh)?;
    writeln!(file, "{}", BASE64.encode(bytes))?;
    file.sync_all()?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    fs::File::open(folder)?.sync_all()?;
    Ok(fs::read_to_string(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_guarded() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        assert!(read_or_make(&keys, false).unwrap_err().to_string().contains("is missing"));
        let made = read_or_make(&keys, true).unwrap();
        assert_eq!(read_or_make(&keys, true).unwrap(), made);
        assert_eq!(read_or_make(&keys, false).unwrap(), made);
        assert_eq!(fs::read_dir(&keys).unwrap().count(), 1, "something was left behind");
        let path = keys.join("master.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read_or_make(&keys, true).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        assert!(read_or_make(&keys, true).unwrap_err().to_string().contains("holds no key"));
    }
}
