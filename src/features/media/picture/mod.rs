//! Makes the files that are served out of a file that somebody sent: decoded within bounds, turned upright, made smaller, written
//! anew. Nothing of the original's bytes is in them, and none of its metadata.

use super::rules::{self, Format, PhotoRefusal};
use crate::platform::instance::hex;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, Limits, RgbImage};
use jpeg_encoder::{Encoder, SamplingFactor};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::io::Cursor;

/// Memory that a decoder may take for its output.
const MOST_MEMORY: u64 = 256 << 20;
const QUALITY: u8 = 82;
/// Narrow enough that its hash is a moment's work.
const BLUR_WIDTH: u32 = 32;
/// From so many pixels on, a progressive JPEG is decoded alone: its coefficients take twice the memory of its pixels.
const HEAVY_PIXELS: u64 = 12_000_000;

/// Held while something heavy is decoded.
static HEAVY: Mutex<()> = Mutex::new(());

/// A picture ready to be stored.
#[derive(Debug, Clone)]
pub(super) struct Developed {
    /// SHA-256 of all files, in hexadecimal: the same picture has the same.
    pub(super) hash: String,
    /// Of the largest file.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) blurhash: String,
    /// Width and bytes, narrowest first.
    pub(super) files: Vec<(u32, Vec<u8>)>,
}

/// Opaque pixels, three bytes each.
struct Flat {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

/// Reads a file and makes all sizes of it. Takes a second or so of one core for a photo of a camera.
pub(super) fn develop(bytes: &[u8], format: Format) -> Result<Developed, PhotoRefusal> {
    let (image, orientation) = decode(bytes, format)?;
    let largest = flatten(image, orientation)?;
    let mut files = Vec::new();
    let mut blurhash = None;
    for width in rules::widths(largest.width) {
        let flat;
        let shown = if width == largest.width {
            &largest
        } else {
            flat = largest.at(width)?;
            &flat
        };
        if blurhash.is_none() {
            blurhash = Some(shown.blurred()?);
        }
        files.push((width, shown.encoded()?));
    }
    let mut hash = Sha256::new();
    for (width, bytes) in &files {
        hash.update(width.to_be_bytes());
        hash.update(bytes);
    }
    let blurhash = blurhash.unwrap_or_default();
    Ok(Developed { hash: hex(&hash.finalize()), width: largest.width, height: largest.height, blurhash, files })
}

fn decode(bytes: &[u8], format: Format) -> Result<(DynamicImage, Orientation), PhotoRefusal> {
    let source = Cursor::new(bytes);
    match format {
        Format::Jpeg => {
            let decoder = JpegDecoder::new(source).map_err(refusal)?;
            let (width, height) = decoder.dimensions();
            let heavy = is_progressive(bytes) && u64::from(width) * u64::from(height) > HEAVY_PIXELS;
            let _alone = heavy.then(|| HEAVY.lock());
            read(decoder)
        }
        Format::Png => read(PngDecoder::with_limits(source, limits()).map_err(|error| png_refusal(bytes, error))?),
        Format::WebP => {
            let decoder = WebPDecoder::new(source).map_err(refusal)?;
            if decoder.has_animation() {
                return Err(PhotoRefusal::Animated);
            }
            read(decoder)
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    limits
}

/// What the header says is judged before anything is decoded.
fn read(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Orientation), PhotoRefusal> {
    let (width, height) = decoder.dimensions();
    rules::check_size(width, height)?;
    if decoder.total_bytes() > MOST_MEMORY {
        return Err(PhotoRefusal::TooCostly);
    }
    decoder.set_limits(limits()).map_err(refusal)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder).map_err(refusal)?, orientation))
}

/// The decoder refuses large sizes by itself, without telling them.
fn png_refusal(bytes: &[u8], error: ImageError) -> PhotoRefusal {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    match (error, number(16), number(20)) {
        (ImageError::Limits(_), Some(width), Some(height)) => rules::check_size(width, height).err().unwrap_or(PhotoRefusal::TooCostly),
        (error, ..) => refusal(error),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn refusal(error: ImageError) -> PhotoRefusal {
    match error {
        ImageError::Limits(_) => PhotoRefusal::TooCostly,
        _ => PhotoRefusal::Unreadable,
    }
}

/// Whether a JPEG's frame is of the progressive kind: its markers are walked up to the frame.
fn is_progressive(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = bytes.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok()) {
        match marker {
            0xc2 | 0xc6 | 0xca | 0xce => return true,
            0xc0 | 0xc1 | 0xda => return false,
            // Filling.
            0xff => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    // Whatever it is, it is better taken for the costly kind.
    true
}

/// The largest size that is kept: on white where it was transparent, and upright.
fn flatten(image: DynamicImage, orientation: Orientation) -> Result<Flat, PhotoRefusal> {
    use Orientation::{NoTransforms, Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    let (width, height) = (image.width(), image.height());
    let turned = matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
    let (upright_width, upright_height) = if turned { (height, width) } else { (width, height) };
    let most = upright_width.min(rules::WIDEST);
    let size = (most, rules::height_at(upright_width, upright_height, most));
    let (new_width, new_height) = if turned { (size.1, size.0) } else { size };
    let rgb = if has_alpha(image.color()) {
        on_white(&scaled::<U8x4>(&image.into_rgba8(), (width, height), (new_width, new_height))?)
    } else {
        scaled::<U8x3>(&image.into_rgb8(), (width, height), (new_width, new_height))?
    };
    if orientation == NoTransforms {
        return Ok(Flat { width: new_width, height: new_height, rgb });
    }
    let mut image = DynamicImage::ImageRgb8(RgbImage::from_raw(new_width, new_height, rgb).ok_or(PhotoRefusal::Unreadable)?);
    image.apply_orientation(orientation);
    Ok(Flat { width: image.width(), height: image.height(), rgb: image.into_rgb8().into_raw() })
}

fn has_alpha(color: ColorType) -> bool {
    color.has_alpha()
}

/// The kind of pixel is a type, so that only these two kinds are compiled: the library knows fourteen, each for every set of instructions.
fn scaled<P: PixelTrait>(pixels: &[u8], (width, height): (u32, u32), (new_width, new_height): (u32, u32)) -> Result<Vec<u8>, PhotoRefusal> {
    if (width, height) == (new_width, new_height) {
        return Ok(pixels.to_vec());
    }
    let source = ImageRef::new(width, height, pixels, P::pixel_type()).map_err(|_odd| PhotoRefusal::Unreadable)?;
    let mut target = Image::new(new_width, new_height, P::pixel_type());
    let how = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    let (Some(from), Some(mut to)) = (source.typed_image::<P>(), target.typed_image_mut::<P>()) else { return Err(PhotoRefusal::Unreadable) };
    Resizer::new().resize_typed(&from, &mut to, &how).map_err(|_odd| PhotoRefusal::Unreadable)?;
    Ok(target.into_vec())
}

fn on_white(rgba: &[u8]) -> Vec<u8> {
    let mix = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        u8::try_from((colour * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    };
    rgba.chunks_exact(4).flat_map(|p| [mix(p[0], p[3]), mix(p[1], p[3]), mix(p[2], p[3])]).collect()
}

impl Flat {
    fn at(&self, width: u32) -> Result<Self, PhotoRefusal> {
        let height = rules::height_at(self.width, self.height, width);
        Ok(Self { width, height, rgb: scaled::<U8x3>(&self.rgb, (self.width, self.height), (width, height))? })
    }

    fn encoded(&self) -> Result<Vec<u8>, PhotoRefusal> {
        let side = |side: u32| u16::try_from(side).map_err(|_large| PhotoRefusal::Unreadable);
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, QUALITY);
        // The usual Huffman tables: those made for a picture cannot be read back where it is of one colour.
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        let written = encoder.encode(&self.rgb, side(self.width)?, side(self.height)?, jpeg_encoder::ColorType::Rgb);
        written.map_err(|_odd| PhotoRefusal::Unreadable)?;
        Ok(bytes)
    }

    fn blurred(&self) -> Result<String, PhotoRefusal> {
        // Small, whatever the shape: a tall picture is made as narrow as it must be.
        let width = if self.height > self.width { (BLUR_WIDTH * self.width / self.height).max(1) } else { BLUR_WIDTH };
        let small = self.at(width.min(self.width))?;
        let rgba: Vec<u8> = small.rgb.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], u8::MAX]).collect();
        blurhash::encode(4, 3, small.width, small.height, &rgba).map_err(|_odd| PhotoRefusal::Unreadable)
    }
}

#[cfg(test)]
mod tests;
