//! The two faces of the paper, inside the binary: DejaVu Sans for Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic and many signs.
//! It has no Chinese, Japanese, Korean, Thai or Indic letters; those are drawn as U+FFFD, and the sheet says that its HTML has them.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};
use unicode_bidi::BidiInfo;

/// What stands for a letter that the face does not have.
const UNKNOWN: char = '\u{fffd}';

/// Regular and bold, ready to measure and to draw.
pub(super) struct Faces {
    regular: Sized,
    bold: Sized,
}

struct Sized {
    face: Face<'static>,
    font: Font,
    /// Units of the face that are as wide as letters are high.
    units: i64,
}

/// A piece of a line that is drawn at once, from left to right.
pub(super) struct Run {
    pub text: String,
    pub glyphs: Vec<KrillaGlyph>,
    /// In units of the face.
    pub advance: i64,
}

impl Faces {
    /// `None` never happens with the faces that are compiled in; a test opens them.
    pub(super) fn open() -> Option<Self> {
        Some(Self { regular: Sized::open(dejavu::sans::regular())?, bold: Sized::open(dejavu::sans::bold())? })
    }

    fn of(&self, bold: bool) -> &Sized {
        if bold { &self.bold } else { &self.regular }
    }

    pub(super) fn font(&self, bold: bool) -> Font {
        self.of(bold).font.clone()
    }

    /// How wide `text` is in thousandths of a point, with letters of `size` thousandths.
    pub(super) fn width(&self, text: &str, size: i64, bold: bool) -> i64 {
        let advance: i64 = self.runs(text, bold).iter().map(|run| run.advance).sum();
        self.scaled(advance, size, bold)
    }

    pub(super) fn scaled(&self, advance: i64, size: i64, bold: bool) -> i64 {
        advance * size / self.of(bold).units
    }

    /// The pieces of a line in the order in which they are drawn, whatever direction each is read in.
    pub(super) fn runs(&self, text: &str, bold: bool) -> Vec<Run> {
        let shown: String = text.chars().map(|c| self.of(bold).shown(c)).collect();
        let bidi = BidiInfo::new(&shown, None);
        let mut runs = Vec::new();
        for paragraph in &bidi.paragraphs {
            let (levels, ranges) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for range in ranges {
                let right_to_left = levels[range.start].is_rtl();
                let mut pieces = by_script(&shown[range]);
                if right_to_left {
                    pieces.reverse();
                }
                runs.extend(pieces.into_iter().map(|piece| self.of(bold).shape(piece, right_to_left)));
            }
        }
        runs
    }

    /// Whether the face has every letter.
    pub(super) fn knows(&self, text: &str) -> bool {
        text.chars().all(|c| self.regular.shown(c) != UNKNOWN)
    }
}

/// Arabic letters join, so they are shaped by themselves; what has no script of its own goes with what stands before it.
fn by_script(text: &str) -> Vec<&str> {
    let arabic =
        |c: char| matches!(c, '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    let mut pieces = Vec::new();
    let (mut start, mut current) = (0, None);
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphabetic()) {
        if current.is_some_and(|current| current != arabic(c)) {
            pieces.push(&text[start..at]);
            start = at;
        }
        current = Some(arabic(c));
    }
    pieces.push(&text[start..]);
    pieces
}

impl Sized {
    fn open(data: &'static [u8]) -> Option<Self> {
        let face = Face::from_slice(data, 0)?;
        let font = Font::new(data.into(), 0)?;
        Some(Self { units: face.units_per_em().into(), face, font })
    }

    fn shown(&self, c: char) -> char {
        match c {
            _ if c.is_control() => ' ',
            _ if self.face.glyph_index(c).is_some() => c,
            _ => UNKNOWN,
        }
    }

    #[expect(clippy::float_arithmetic, reason = "the writer of PDF takes advances as shares of the size")]
    fn shape(&self, text: &str, right_to_left: bool) -> Run {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let infos = shaped.glyph_infos();
        let share = |units: i32| units as f32 / self.units as f32;
        let mut starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        let end = |start: usize| starts.iter().copied().find(|next| *next > start).unwrap_or(text.len());
        let glyphs = infos.iter().zip(shaped.glyph_positions()).map(|(info, at)| {
            let start = info.cluster as usize;
            KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                share(at.x_advance),
                share(at.x_offset),
                share(at.y_offset),
                share(at.y_advance),
                start..end(start),
                None,
            )
        });
        let advance = shaped.glyph_positions().iter().map(|at| i64::from(at.x_advance)).sum();
        Run { text: text.to_owned(), glyphs: glyphs.collect(), advance }
    }
}
