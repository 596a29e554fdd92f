//! A sheet as PDF: `layout.rs` says where everything stands, `font.rs` knows the letters, and here it is drawn.

mod font;
mod layout;

use super::paper::Sheet;
use anyhow::Context as _;
use font::Faces;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};
use layout::{HEIGHT, Ink, Mark, WIDTH, pages};

/// The file: A4, with its letters inside, and the same bytes for the same sheet.
pub fn pdf(sheet: &Sheet) -> anyhow::Result<Vec<u8>> {
    pdf_of(sheet, &[])
}

/// The same of several sheets, each on pages of its own.
pub fn pdf_of(sheet: &Sheet, more: &[Sheet]) -> anyhow::Result<Vec<u8>> {
    let faces = Faces::open().context("the letters of the paper cannot be read")?;
    let mut document = Document::new_with(SerializeSettings::default());
    for marks in std::iter::once(sheet).chain(more).flat_map(|sheet| pages(sheet, &faces)) {
        let size = PageSettings::from_wh(points(WIDTH), points(HEIGHT)).context("a page has no size")?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in &marks {
            draw(&mut surface, &faces, mark).context("a mark lies nowhere")?;
        }
        surface.finish();
        page.finish();
    }
    let date = sheet.issued.date();
    let issued = DateTime::new(u16::try_from(date.year()).unwrap_or(0)).month(date.month().unsigned_abs()).day(date.day().unsigned_abs());
    let title = format!("{} {}", sheet.title, sheet.number);
    document
        .set_metadata(Metadata::new().title(title.trim_end().to_owned()).language("en".into()).authors(vec![sheet.issuer.name.clone()]).creation_date(issued));
    document.finish().map_err(|error| anyhow::anyhow!("the paper cannot be written: {error:?}"))
}

fn draw(surface: &mut Surface<'_>, faces: &Faces, mark: &Mark) -> Option<()> {
    match mark {
        Mark::Box { x, y, width, height, ink } => {
            surface.set_fill(Some(fill(*ink)));
            let mut path = PathBuilder::new();
            path.push_rect(Rect::from_xywh(points(*x), points(*y), points(*width), points(*height))?);
            surface.draw_path(&path.finish()?);
        }
        Mark::Words { x, y, size, bold, ink, text } => {
            surface.set_fill(Some(fill(*ink)));
            let mut x = *x;
            for run in faces.runs(text, *bold) {
                surface.draw_glyphs(Point::from_xy(points(x), points(*y)), &run.glyphs, faces.font(*bold), &run.text, points(*size), false);
                x += faces.scaled(run.advance, *size, *bold);
            }
        }
    }
    Some(())
}

fn fill(ink: Ink) -> Fill {
    let grey = match ink {
        Ink::Black => 17,
        Ink::Grey => 96,
        Ink::Pale => 236,
    };
    Fill { paint: rgb::Color::new(grey, grey, grey).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

#[expect(clippy::float_arithmetic, reason = "the writer of PDF takes points as floats")]
fn points(thousandths: i64) -> f32 {
    thousandths as f32 / 1_000.0
}
