//! A file of blocks, each with its length and a checksum, and an end that says so.
//!
//! Nothing of a block is looked at before its checksum has been; a block that stands in another place than it was
//! written for, a file that was cut off and one with something behind its end are noticed too.

use super::{FORMAT, Unusable};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const MAGIC: [u8; 8] = *b"STOPSNAP";
/// No block is longer; far more than is ever written.
const LONGEST: usize = 256 << 20;
/// Bytes that wait in the memory of the machine at most, so that others' commits do not wait for all of ours.
const UNSYNCED: u64 = 16 << 20;
/// Blocks that are read ahead.
const AHEAD: usize = 8;

/// Writes a file of blocks.
pub(super) struct BlockWriter {
    file: File,
    blocks: u64,
    bytes: u64,
    unsynced: u64,
}

impl BlockWriter {
    pub(super) fn create(path: &Path) -> std::io::Result<Self> {
        let mut file = File::create(path)?;
        file.write_all(&MAGIC)?;
        file.write_all(&FORMAT.to_le_bytes())?;
        Ok(Self { file, blocks: 0, bytes: 12, unsynced: 0 })
    }

    /// Appends a block.
    pub(super) fn put(&mut self, block: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(block.len()).map_err(std::io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&xxh3_64_with_seed(block, self.blocks).to_le_bytes())?;
        self.file.write_all(block)?;
        self.blocks += 1;
        let written = 12 + u64::from(length);
        self.bytes += written;
        self.unsynced += written;
        if self.unsynced > UNSYNCED {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Ends the file and makes it durable; answers its length.
    pub(super) fn finish(mut self) -> std::io::Result<u64> {
        // An empty block is the end: no other one is empty.
        self.put(&[])?;
        self.file.sync_all()?;
        Ok(self.bytes)
    }
}

/// Reads a file of blocks on a thread of its own, a few ahead of whoever takes them.
pub(super) struct Blocks {
    ahead: Receiver<Result<Vec<u8>, Unusable>>,
    /// Bytes of the whole file.
    pub(super) length: u64,
}

impl Blocks {
    /// Opens a file that this release can read.
    pub(super) fn open(path: &Path) -> Result<Self, Unusable> {
        let file = File::open(path).map_err(|error| if error.kind() == std::io::ErrorKind::NotFound { Unusable::Missing } else { error.into() })?;
        let length = file.metadata()?.len();
        let mut reader = BlockReader { file: BufReader::with_capacity(1 << 16, file), left: length, blocks: 0 };
        if reader.array::<8>()? != MAGIC {
            return Err(Unusable::damaged("it is no snapshot"));
        }
        if u32::from_le_bytes(reader.array()?) != FORMAT {
            return Err(Unusable::OtherRelease);
        }
        let (sender, ahead) = sync_channel(AHEAD);
        let read = move || {
            while let Some(block) = reader.next().transpose() {
                let last = block.is_err();
                // Nobody takes any more when what came so far was of no use.
                if sender.send(block).is_err() || last {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("snapshot-reader".into()).spawn(read)?;
        Ok(Self { ahead, length })
    }

    /// The next block, which is not empty; there must be one.
    pub(super) fn next(&mut self) -> Result<Vec<u8>, Unusable> {
        self.ahead.recv().map_err(|_ended| Unusable::damaged("it ends too early"))?
    }

    /// The next block, if there is one.
    pub(super) fn maybe(&mut self) -> Result<Option<Vec<u8>>, Unusable> {
        self.ahead.recv().ok().transpose()
    }

    /// Makes sure that there is no further block, and that the file ended as it should.
    pub(super) fn end(mut self) -> Result<(), Unusable> {
        match self.maybe()? {
            None => Ok(()),
            Some(_more) => Err(Unusable::damaged("there is more in it than there should be")),
        }
    }
}

struct BlockReader {
    file: BufReader<File>,
    /// Bytes that the file still has.
    left: u64,
    blocks: u64,
}

impl BlockReader {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unusable> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Unusable> {
        let wanted = bytes.len() as u64;
        self.left = self.left.checked_sub(wanted).ok_or_else(|| Unusable::damaged("it ends in the middle"))?;
        Ok(self.file.read_exact(bytes)?)
    }

    /// The next block; `None` at the proper end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Unusable> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        let sum = u64::from_le_bytes(self.array()?);
        // Before room is made for it: the length is not proven yet.
        if length > LONGEST || length as u64 > self.left {
            return Err(Unusable::damaged("it ends in the middle"));
        }
        let mut block = vec![0; length];
        self.fill(&mut block)?;
        if xxh3_64_with_seed(&block, self.blocks) != sum {
            return Err(Unusable::damaged(format!("block {} is not as it was written", self.blocks)));
        }
        self.blocks += 1;
        if length > 0 {
            return Ok(Some(block));
        }
        if self.left > 0 { Err(Unusable::damaged("something stands behind its end")) } else { Ok(None) }
    }
}
