//! Compression of finished answers: brotli or gzip at their fast levels, for text of more than a kilobyte.

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Below this many bytes an answer fits into one packet anyway.
pub(super) const LEAST: usize = 1_024;
/// Level 4 is where brotli starts to beat gzip in size while still being quick.
const BROTLI_QUALITY: i32 = 3;

/// A coding that we make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The mark in entity tags.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    pub(super) fn compress(self, body: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut small = Vec::with_capacity(body.len() / 4);
        match self {
            Self::Brotli => {
                let params = BrotliEncoderParams { quality: BROTLI_QUALITY, ..BrotliEncoderParams::default() };
                brotli::BrotliCompress(&mut &*body, &mut small, &params)?;
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut small, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()?;
            }
        }
        Ok(small)
    }
}

/// The coding to use for an `Accept-Encoding`: the one with the higher weight, gzip when both weigh the same, because
/// it costs a third of the time. `*` stands for gzip.
pub(super) fn accepted(accept_encoding: &str) -> Option<Coding> {
    let weight = |name: &str| {
        accept_encoding
            .split(',')
            .filter_map(|part| {
                let mut pieces = part.split(';').map(str::trim);
                (pieces.next()?.eq_ignore_ascii_case(name)).then(|| pieces.find_map(|p| p.strip_prefix("q=")).map_or(1_000, thousandths))
            })
            .next()
    };
    let gzip = weight("gzip").or_else(|| weight("*")).unwrap_or(0);
    let brotli = weight("br").unwrap_or(0);
    match (gzip, brotli) {
        (0, 0) => None,
        (gzip, brotli) if brotli > gzip => Some(Coding::Brotli),
        _ => Some(Coding::Gzip),
    }
}

/// A weight such as `0.8` in thousandths; what cannot be read counts as nothing.
fn thousandths(q: &str) -> u32 {
    let (whole, part) = q.split_once('.').unwrap_or((q, ""));
    format!("{whole}{part:0<3}").get(..whole.len() + 3).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Whether answers of this type get smaller.
pub(super) fn worth_it(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    media.starts_with("text/") || media.ends_with("json") || media.ends_with("+xml") || matches!(media, "application/javascript" | "application/xml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_client_chooses_and_gzip_wins_a_tie() {
        for (header, coding) in [
            ("gzip, deflate, br, zstd", Some(Coding::Gzip)),
            ("br", Some(Coding::Brotli)),
            ("gzip;q=0.5, br;q=0.8", Some(Coding::Brotli)),
            ("gzip;q=0, br;q=0", None),
            ("*", Some(Coding::Gzip)),
            ("identity", None),
            ("", None),
            ("GZIP", Some(Coding::Gzip)),
            ("gzip;q=nonsense", None),
        ] {
            assert_eq!(accepted(header), coding, "{header}");
        }
    }

    #[test]
    fn compressed_answers_can_be_read_again() {
        let body = "a home by the sea, ".repeat(500);
        let small = Coding::Gzip.compress(body.as_bytes()).unwrap();
        assert!(small.len() < body.len() / 10);
        let mut again = String::new();
        flate2::read::GzDecoder::new(&small[..]).read_to_string(&mut again).unwrap();
        assert_eq!(again, body);
        let small = Coding::Brotli.compress(body.as_bytes()).unwrap();
        let mut again = Vec::new();
        brotli::BrotliDecompress(&mut &small[..], &mut again).unwrap();
        assert_eq!(again, body.as_bytes());
    }

    #[test]
    fn only_text_is_compressed() {
        for yes in ["application/json; charset=utf-8", "application/problem+json", "text/html", "image/svg+xml"] {
            assert!(worth_it(yes), "{yes}");
        }
        for no in ["image/jpeg", "application/octet-stream", ""] {
            assert!(!worth_it(no), "{no}");
        }
    }
}
