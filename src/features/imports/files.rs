//! Files to import: opened, unzipped when they are gzip, hashed and measured while they are read.

use super::report::ImportError;
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A row that needs more than this is no row; a gzip bomb stops here.
const ROW_BYTES_MAX: u64 = 64 << 20;
const BUFFER: usize = 256 << 10;

/// A file on disk, or one inside the binary. Plain or gzip, whatever its name says.
#[derive(Debug, Clone)]
pub enum ImportFile {
    Path(PathBuf),
    Bytes { name: &'static str, bytes: &'static [u8] },
}

impl ImportFile {
    /// The name for messages, without its folder.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            Self::Bytes { name, .. } => (*name).to_owned(),
        }
    }

    /// How many bytes it has as it lies there, 0 when that cannot be told.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Path(path) => std::fs::metadata(path).map_or(0, |meta| meta.len()),
            Self::Bytes { bytes, .. } => bytes.len() as u64,
        }
    }

    pub(super) fn refuse(&self, reason: impl Into<String>) -> ImportError {
        ImportError::File { file: self.name(), reason: reason.into() }
    }

    /// Opens the file for one reading. `hash` asks for a hash of its bytes.
    pub(super) fn open(&self, hash: bool) -> Result<(Box<dyn Read + Send>, Arc<Meter>), ImportError> {
        let raw: Box<dyn Read + Send> = match self {
            Self::Path(path) => {
                if path.is_dir() {
                    return Err(self.refuse("is a folder, not a file"));
                }
                Box::new(File::open(path).map_err(|error| self.explain(&error))?)
            }
            Self::Bytes { bytes, .. } => Box::new(*bytes),
        };
        let meter = Arc::new(Meter { hash: parking_lot::Mutex::new(hash.then(Sha256::new)), ..Meter::default() });
        let mut metered = BufReader::with_capacity(BUFFER, Metered { raw, meter: Arc::clone(&meter) });
        let gzip = metered.fill_buf().map_err(|error| self.explain(&error))?.starts_with(&[0x1f, 0x8b]);
        let guard = Arc::clone(&meter);
        let reader: Box<dyn Read + Send> =
            if gzip { Box::new(Guarded { inner: MultiGzDecoder::new(metered), meter: guard }) } else { Box::new(Guarded { inner: metered, meter: guard }) };
        Ok((reader, meter))
    }

    /// One sentence for what went wrong while reading.
    pub(super) fn explain(&self, error: &io::Error) -> ImportError {
        self.refuse(match error.kind() {
            io::ErrorKind::UnexpectedEof => "ends in the middle: the gzip file is truncated".to_owned(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => format!("cannot be unpacked, it is damaged ({error})"),
            io::ErrorKind::NotFound => "does not exist".to_owned(),
            _ => format!("cannot be read: {error}"),
        })
    }
}

/// How far a file has been read.
#[derive(Default)]
pub(super) struct Meter {
    read: AtomicU64,
    since_row: AtomicU64,
    hash: parking_lot::Mutex<Option<Sha256>>,
}

impl Meter {
    /// Bytes read so far, as they lie on the disk.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Relaxed)
    }

    /// Says that a row ended, so that the next one may be long again.
    pub(super) fn row_done(&self) {
        self.since_row.store(0, Relaxed);
    }

    /// The hash of all bytes, once the file was read to its end; empty when none was asked for.
    pub(super) fn hash(&self) -> Vec<u8> {
        self.hash.lock().take().map_or_else(Vec::new, |hash| hash.finalize().to_vec())
    }
}

/// Counts and hashes the bytes of the file itself.
struct Metered {
    raw: Box<dyn Read + Send>,
    meter: Arc<Meter>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(buffer)?;
        self.meter.read.fetch_add(count as u64, Relaxed);
        if let Some(hash) = self.meter.hash.lock().as_mut() {
            hash.update(&buffer[..count]);
        }
        Ok(count)
    }
}

/// Refuses to go on when a single row grows without end.
struct Guarded<R> {
    inner: R,
    meter: Arc<Meter>,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let since = self.meter.since_row.fetch_add(count as u64, Relaxed) + count as u64;
        if since > ROW_BYTES_MAX {
            return Err(io::Error::other("a row is longer than 64 MiB"));
        }
        Ok(count)
    }
}
