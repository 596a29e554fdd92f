//! Bombs, cut files, odd ones, and what must not be left of them.

use super::*;
use crate::features::media::rules::format_of;
use image::{ExtendedColorType, ImageEncoder};

/// A picture in which every corner is another colour.
fn pixels(width: u32, height: u32) -> Vec<u8> {
    let half = usize::try_from(width / 2).unwrap();
    let row = |left: [u8; 3], right: [u8; 3]| [left.repeat(half), right.repeat(usize::try_from(width).unwrap() - half)].concat();
    let (upper, lower) = (row([250, 10, 10], [10, 250, 10]), row([10, 10, 250], [240, 240, 10]));
    (0..height).flat_map(|y| if y < height / 2 { upper.clone() } else { lower.clone() }).collect()
}

fn jpeg_with(width: u16, height: u16, change: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    change(&mut encoder);
    encoder.encode(&pixels(width.into(), height.into()), width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    bytes
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    jpeg_with(width, height, |_| ())
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes).write_image(&pixels(width, height), width, height, ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut bytes).write_image(&pixels(width, height), width, height, ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// Big-endian TIFF with an orientation and a place: what a camera writes.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0]);
    tiff.extend(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0GPS-42.6526N-73.7562W");
    tiff
}

fn develop_any(bytes: &[u8]) -> Result<Developed, PhotoRefusal> {
    develop(bytes, format_of(bytes).ok_or(PhotoRefusal::Format)?)
}

fn decoded(bytes: &[u8]) -> RgbImage {
    image::load_from_memory(bytes).unwrap().into_rgb8()
}

fn near(pixel: &image::Rgb<u8>, colour: [u8; 3]) -> bool {
    pixel.0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 40)
}

#[test]
fn sizes_are_made_and_never_larger() {
    for (bytes, widths) in
        [(jpeg(2_100, 700), &[480, 1_024, 2_048][..]), (png(1_200, 900), &[480, 1_024, 1_200]), (webp(400, 300), &[400]), (jpeg(20, 900), &[20])]
    {
        let developed = develop_any(&bytes).unwrap();
        assert_eq!(developed.files.iter().map(|(width, _)| *width).collect::<Vec<_>>(), widths);
        for (width, file) in &developed.files {
            let image = decoded(file);
            assert_eq!((image.width(), format_of(file)), (*width, Some(Format::Jpeg)));
        }
        let largest = decoded(&developed.files.last().unwrap().1);
        assert_eq!((largest.width(), largest.height()), (developed.width, developed.height));
        assert!((6..=40).contains(&developed.blurhash.len()), "{}", developed.blurhash);
        assert_eq!(develop_any(&bytes).unwrap().hash, developed.hash, "the same picture has the same name");
    }
}

#[test]
fn what_is_seen_through_is_white_to_its_edge() {
    let (width, height) = (2_400, 300);
    let row = [[255, 0, 0, 255].repeat(1_199), [0, 255, 0, 0].repeat(1_201)].concat();
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes).write_image(&row.repeat(300), width, height, ExtendedColorType::Rgba8).unwrap();
    for (_, file) in develop_any(&bytes).unwrap().files {
        let image = decoded(&file);
        let (left, right) = (image.get_pixel(4, 4), image.get_pixel(image.width() - 5, 4));
        assert!(near(left, [255, 0, 0]) && near(right, [255, 255, 255]), "{left:?} {right:?}");
        // Red and white are both full of red; the green that nobody sees is not.
        assert!(image.pixels().all(|pixel| pixel[0] > 220), "{}", image.width());
    }
}

#[test]
fn pictures_are_turned_upright() {
    // Top left, top right, bottom left, bottom right as the camera stored them.
    let [a, b, c, d] = [[250, 10, 10], [10, 250, 10], [10, 10, 250], [240, 240, 10]];
    for (orientation, corners) in
        [(1, [a, b, c, d]), (2, [b, a, d, c]), (3, [d, c, b, a]), (4, [c, d, a, b]), (5, [a, c, b, d]), (6, [c, a, d, b]), (7, [d, b, c, a]), (8, [b, d, a, c])]
    {
        // Once as it is, once made smaller.
        for (width, height) in [(320, 160), (2_400, 300)] {
            let bytes = jpeg_with(width, height, |encoder| encoder.add_exif_metadata(&exif(orientation)).unwrap());
            let developed = develop_any(&bytes).unwrap();
            let image = decoded(&developed.files.last().unwrap().1);
            let (right, bottom) = (image.width() - 4, image.height() - 4);
            let found = [image.get_pixel(4, 4), image.get_pixel(right, 4), image.get_pixel(4, bottom), image.get_pixel(right, bottom)];
            assert!(found.iter().zip(corners).all(|(pixel, colour)| near(pixel, colour)), "orientation {orientation}: {found:?}");
            assert_eq!(image.height() > image.width(), orientation >= 5, "orientation {orientation}");
        }
    }
}

#[test]
fn nothing_of_the_original_is_left() {
    let tail = b"<html><script>alert(document.domain)</script></html>";
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>Secret Street 7</x:xmpmeta>".to_vec();
    let mut photo = jpeg_with(800, 600, |encoder| {
        encoder.add_exif_metadata(&exif(1)).unwrap();
        encoder.add_icc_profile(b"PROFILE of a camera").unwrap();
        encoder.add_app_segment(1, xmp).unwrap();
        encoder.add_app_segment(13, b"Photoshop 3.0\0Secret Street 7".to_vec()).unwrap();
    });
    photo.extend_from_slice(tail);
    let mut painting = png(800, 600);
    painting.extend_from_slice(tail);
    for bytes in [photo, painting] {
        for (_, file) in develop_any(&bytes).unwrap().files {
            for words in ["script", "html", "Secret", "GPS", "Exif", "xmp", "xap", "ICC_PROFILE", "PROFILE", "Photoshop"] {
                assert!(!file.windows(words.len()).any(|part| part == words.as_bytes()), "`{words}` is left");
            }
            // No application segment but JFIF's, and no comment, before the scan.
            let mut at = 2;
            while file[at + 1] != 0xda {
                assert!(!(0xe1..=0xef).contains(&file[at + 1]) && file[at + 1] != 0xfe, "segment {:x}", file[at + 1]);
                at += 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
            }
            assert_eq!(&file[file.len() - 2..], [0xff, 0xd9], "something follows the end");
        }
    }
}

#[test]
fn what_is_transparent_becomes_white() {
    let rgba: Vec<u8> = (0..64 * 64).flat_map(|_| [0, 0, 0, 0]).collect();
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes).write_image(&rgba, 64, 64, ExtendedColorType::Rgba8).unwrap();
    let image = decoded(&develop_any(&bytes).unwrap().files[0].1);
    assert!(image.pixels().all(|pixel| near(pixel, [255, 255, 255])));
    assert_eq!(on_white(&[200, 100, 0, 128, 9, 9, 9, 255]), [227, 177, 127, 9, 9, 9]);
}

#[test]
fn other_ways_to_store_pixels_are_read() {
    let grey: Vec<u8> = vec![128; 100 * 100];
    let deep: Vec<u8> = vec![128; 100 * 100 * 8];
    for (pixels, kind) in [(&grey, ExtendedColorType::L8), (&deep, ExtendedColorType::Rgba16)] {
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes).write_image(pixels, 100, 100, kind).unwrap();
        assert_eq!(develop_any(&bytes).unwrap().width, 100);
    }
    let progressive = jpeg_with(300, 200, |encoder| encoder.set_progressive(true));
    assert!(is_progressive(&progressive) && !is_progressive(&jpeg(300, 200)));
    assert_eq!(develop_any(&progressive).unwrap().width, 300);
}

/// A chunk of a PNG with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

fn png_of(width: u32, height: u32, depth: u8, colour: u8, idat: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", idat), chunk(b"IEND", b"")].concat()
}

fn zeros(count: usize) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let piece = vec![0; 1 << 20];
    for _ in 0..count >> 20 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn bombs_are_refused_before_they_are_read() {
    for side in [12_001, 50_000, 65_500, u32::MAX >> 1] {
        assert_eq!(develop_any(&png_of(side, side, 8, 2, &zeros(1 << 20))).unwrap_err(), PhotoRefusal::Dimensions { width: side, height: side });
    }
    // Within the pixels, but not within the memory.
    assert_eq!(develop_any(&png_of(8_000, 6_000, 16, 6, &zeros(1 << 20))).unwrap_err(), PhotoRefusal::TooCostly);
    // A pixel flood: a small JPEG whose frame says that it is huge.
    for (width, height) in [(12_001, 100), (65_500, 65_500), (9_000, 9_000)] {
        let mut flood = jpeg(64, 64);
        let frame = flood.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        flood[frame + 5..frame + 7].copy_from_slice(&u16::to_be_bytes(height));
        flood[frame + 7..frame + 9].copy_from_slice(&u16::to_be_bytes(width));
        let refused = develop_any(&flood).unwrap_err();
        assert!(matches!(refused, PhotoRefusal::Dimensions { .. } | PhotoRefusal::Unreadable), "{width} x {height}: {refused:?}");
    }
}

#[test]
fn a_stream_that_inflates_without_end_is_left_alone() {
    // Half a gigabyte of zeros behind a header that says 64 x 64: the rest is not inflated, or the file refused.
    let begun = std::time::Instant::now();
    let outcome = develop_any(&png_of(64, 64, 8, 2, &zeros(512 << 20)));
    assert!(outcome.is_ok_and(|developed| developed.width == 64) || begun.elapsed().as_secs() < 10);
    let text = [b"Comment\0\0".to_vec(), zeros(64 << 20)].concat();
    let mut commented = png(64, 64);
    commented.splice(33..33, chunk(b"zTXt", &text));
    let outcome = develop_any(&commented).map(|developed| developed.width);
    assert!(outcome == Ok(64) || outcome.is_err(), "{outcome:?}");
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn files_that_break_off_do_no_harm() {
    for whole in [jpeg(300, 200), jpeg_with(300, 200, |encoder| encoder.set_progressive(true)), png(300, 200), webp(300, 200)] {
        let (mut read, mut refused) = (0, 0);
        for step in 0..200 {
            let cut = &whole[..whole.len() * step / 200];
            match develop_any(cut) {
                Ok(developed) => {
                    read += 1;
                    assert_eq!((developed.width, developed.height), (300, 200));
                }
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 0 && read + refused == 200);
    }
}

#[test]
fn wrong_bits_do_no_harm() {
    for whole in [jpeg(120, 80), png(120, 80), webp(120, 80)] {
        let mut random = 7_u64;
        for _ in 0..300 {
            let mut broken = whole.clone();
            for _ in 0..3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(random >> 33).unwrap() % broken.len();
                broken[at] ^= u8::try_from(random >> 24 & 0xff).unwrap();
            }
            drop(develop_any(&broken));
        }
    }
}

#[test]
fn moving_pictures_are_refused() {
    let still = webp(64, 64);
    let frame = &still[12..];
    let part = |name: &[u8; 4], data: &[u8]| {
        let mut part = [name, &u32::try_from(data.len()).unwrap().to_le_bytes()[..], data].concat();
        if part.len() % 2 == 1 {
            part.push(0);
        }
        part
    };
    let canvas = [&[0x02, 0, 0, 0][..], &[63, 0, 0], &[63, 0, 0]].concat();
    let shown = [&[0; 6][..], &[63, 0, 0], &[63, 0, 0], &[100, 0, 0], &[0], frame].concat();
    let body = [b"WEBP".to_vec(), part(b"VP8X", &canvas), part(b"ANIM", &[0; 6]), part(b"ANMF", &shown), part(b"ANMF", &shown)].concat();
    let moving = part(b"RIFF", &body);
    assert_eq!(develop_any(&moving).unwrap_err(), PhotoRefusal::Animated);
}
