//! Decisions about photos, pure: what is a photo, how large it may be, in which sizes it is kept, how its files are called.

pub(super) mod range;
pub(super) mod words;

use crate::platform::error::{Kind, Refusal, Refused};

/// The widths in which a photo is kept, besides its own.
pub(super) const WIDTHS: [u32; 3] = [480, 1_024, 2_048];
/// The largest of them.
pub(super) const WIDEST: u32 = 2_048;
const MOST_SIDE: u32 = 12_000;
const MOST_PIXELS: u64 = 50_000_000;
const LEAST_SIDE: u32 = 16;

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
}

/// Why a file is no photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PhotoRefusal {
    /// Not one of our formats, whatever it calls itself.
    Format,
    Animated,
    Dimensions {
        width: u32,
        height: u32,
    },
    Unreadable,
    /// It would take too long, or too much memory.
    TooCostly,
}

impl Refusal for PhotoRefusal {
    fn refused(&self) -> Refused {
        let (kind, code, detail) = match self {
            Self::Format => {
                (Kind::UnsupportedMedia, "unsupported_media_type", "A photo is a JPEG, PNG or WebP file; its content decides, not its name.".to_owned())
            }
            Self::Animated => (Kind::UnsupportedMedia, "unsupported_media_type", "A photo does not move; send a single picture.".to_owned()),
            Self::Dimensions { width, height } => (
                Kind::Unacceptable,
                "photo_dimensions",
                format!("The photo has {width} x {height} pixels; {LEAST_SIDE} to {MOST_SIDE} a side and {MOST_PIXELS} together are taken."),
            ),
            Self::Unreadable => (Kind::Unacceptable, "photo_unreadable", "The file begins like a photo, but cannot be read to its end.".to_owned()),
            Self::TooCostly => (Kind::Unacceptable, "photo_unreadable", "The file takes more time or memory to read than a photo should.".to_owned()),
        };
        Refused::new(kind, code, detail)
    }
}

/// How many bytes [`format_of`] needs to see.
pub(super) const MAGIC: usize = 12;

/// The format by the first bytes of a file; names and declared types are not asked.
pub(super) fn format_of(head: &[u8]) -> Option<Format> {
    match head {
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        _ => None,
    }
}

/// Whether a picture of this size is worked on at all.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), PhotoRefusal> {
    let sides = LEAST_SIDE..=MOST_SIDE;
    if sides.contains(&width) && sides.contains(&height) && u64::from(width) * u64::from(height) <= MOST_PIXELS {
        return Ok(());
    }
    Err(PhotoRefusal::Dimensions { width, height })
}

/// The widths of the files of a picture that is `width` wide, narrowest first. Nothing is made larger than it is.
pub(super) fn widths(width: u32) -> Vec<u32> {
    let largest = width.min(WIDEST);
    WIDTHS.into_iter().filter(|narrower| *narrower < largest).chain([largest]).collect()
}

/// The height that goes with `wanted`, rounded half up, at least 1.
pub(super) fn height_at(width: u32, height: u32, wanted: u32) -> u32 {
    let (width, height, wanted) = (u64::from(width.max(1)), u64::from(height), u64::from(wanted));
    let scaled = (height * wanted * 2 + width) / (width * 2);
    u32::try_from(scaled.max(1)).unwrap_or(u32::MAX)
}

/// A stored file: the hash of the picture and its width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileName {
    hash: String,
    width: u32,
}

impl FileName {
    pub(super) fn new(hash: &str, width: u32) -> Self {
        Self { hash: hash.to_owned(), width }
    }

    /// Reads `<64 hex>-<width>.jpg`, and nothing else: no other spelling names a file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (hash, width) = text.strip_suffix(".jpg")?.split_once('-')?;
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let plain = width.len() <= 4 && width.bytes().all(|b| b.is_ascii_digit()) && !width.starts_with('0');
        let width = width.parse::<u32>().ok().filter(|width| plain && (1..=WIDEST).contains(width))?;
        (hash.len() == 64 && hash.bytes().all(hex)).then(|| Self::new(hash, width))
    }

    /// As the public calls it.
    pub(super) fn name(&self) -> String {
        format!("{}-{}.jpg", self.hash, self.width)
    }

    /// Where it lies in storage: no folder holds more than some hundreds of thousands of others.
    pub(super) fn key(&self) -> String {
        format!("{}/{}/{}", &self.hash[..2], &self.hash[2..4], self.name())
    }

    /// The address that everybody may ask.
    pub(super) fn address(&self) -> String {
        format!("/media/{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_format() {
        for (head, format) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Some(Format::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some(Format::Png)),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some(Format::WebP)),
            (b"RIFF\x24\0\0\0WAVEfmt ", None),
            (b"GIF89a\x01\0\x01\0\0\0", None),
            (b"<svg xmlns=\"http://", None),
            (b"<?xml version=\"1.0\"?><svg", None),
            (b"%PDF-1.7\n%\xe2\xe3\xcf", None),
            (b"\0\0\0\x18ftypheic\0\0", None),
            (b"\0\0\0\x20ftypavif\0\0", None),
            (b"BM\x36\0\0\0\0\0\0\0\x36", None),
            (b"\xff\xd8", None),
            (b"", None),
        ] {
            assert_eq!(format_of(head), format, "{head:?}");
        }
    }

    #[test]
    fn sizes_have_bounds() {
        for (width, height, fits) in
            [(16, 16, true), (15, 16, false), (12_000, 4_166, true), (12_000, 4_167, false), (12_001, 16, false), (0, 0, false), (65_500, 65_500, false)]
        {
            assert_eq!(check_size(width, height).is_ok(), fits, "{width} x {height}");
        }
    }

    #[test]
    fn nothing_is_made_larger() {
        for (width, all) in [(300, &[300][..]), (480, &[480]), (481, &[480, 481]), (1_500, &[480, 1_024, 1_500]), (4_000, &[480, 1_024, 2_048])] {
            assert_eq!(widths(width), all, "{width}");
        }
        for (width, height, wanted, expected) in [(4_000, 3_000, 2_048, 1_536), (3, 2, 2, 1), (12_000, 16, 480, 1), (16, 12_000, 16, 12_000)] {
            assert_eq!(height_at(width, height, wanted), expected, "{width} x {height} at {wanted}");
        }
    }

    #[test]
    fn only_one_spelling_names_a_file() {
        let hash = "ab".repeat(32);
        let name = format!("{hash}-480.jpg");
        let file = FileName::parse(&name).unwrap();
        assert_eq!((file.name(), file.key(), file.address()), (name.clone(), format!("ab/ab/{name}"), format!("/media/{name}")));
        for bad in [
            format!("{hash}-0480.jpg"),
            format!("{hash}-0.jpg"),
            format!("{hash}-2049.jpg"),
            format!("{hash}-+48.jpg"),
            format!("{hash}-480.png"),
            format!("{hash}-480.jpg/"),
            format!("{}-480.jpg", hash.to_uppercase()),
            format!("{}-480.jpg", &hash[1..]),
            format!("../{}-480.jpg", &hash[3..]),
            String::new(),
            "-480.jpg".into(),
        ] {
            assert_eq!(FileName::parse(&bad), None, "{bad}");
        }
    }
}
