//! Where everything stands: whole numbers, thousandths of a point, from the top left corner of an A4 page.

use super::font::Faces;
use crate::features::documents::rules::paper::{Column, Party, Sheet};

pub(super) const WIDTH: i64 = 595_276;
pub(super) const HEIGHT: i64 = 841_890;
const MARGIN: i64 = 51_000;
const BOTTOM: i64 = HEIGHT - 64_000;
const INSIDE: i64 = WIDTH - 2 * MARGIN;
const SMALL: i64 = 8_500;
const NORMAL: i64 = 9_500;
const LARGE: i64 = 19_000;
const LEADING: i64 = 13_500;
const PAD: i64 = 5_000;
/// No column but the first is wider.
const MOST_COLUMN: i64 = 165_000;

/// How dark something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Black,
    Grey,
    Pale,
}

/// Something on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// `y` is the line that letters stand on.
    Words {
        x: i64,
        y: i64,
        size: i64,
        bold: bool,
        ink: Ink,
        text: String,
    },
    Box {
        x: i64,
        y: i64,
        width: i64,
        height: i64,
        ink: Ink,
    },
}

/// The marks of each page.
pub(super) fn pages(sheet: &Sheet, faces: &Faces) -> Vec<Vec<Mark>> {
    let mut pen = Pen { faces, pages: vec![Vec::new()], y: MARGIN };
    pen.head(sheet);
    if !sheet.table.columns.is_empty() {
        pen.table(sheet);
    }
    pen.y += LEADING;
    for note in &sheet.notes {
        pen.paragraph(note);
    }
    if !sheet_is_known(sheet, faces) {
        pen.paragraph("Some letters cannot be shown on this paper (\u{fffd}); the same document as HTML has them.");
    }
    pen.feet(sheet);
    pen.pages
}

fn sheet_is_known(sheet: &Sheet, faces: &Faces) -> bool {
    let parties = [&sheet.issuer, &sheet.recipient].into_iter().flat_map(|party| party.lines.iter().chain([&party.name]).chain(&party.tax_id));
    let facts = sheet.facts.iter().flat_map(|(name, value)| [name, value]);
    let totals = sheet.table.totals.iter().flat_map(|(name, value)| [name, value]);
    let mut words = parties.chain(facts).chain(totals).chain(sheet.table.rows.iter().flatten()).chain(&sheet.notes);
    words.all(|text| faces.knows(text))
}

struct Pen<'a> {
    faces: &'a Faces,
    pages: Vec<Vec<Mark>>,
    y: i64,
}

impl Pen<'_> {
    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn words(&mut self, x: i64, size: i64, bold: bool, ink: Ink, text: &str) {
        let y = self.y;
        self.mark(Mark::Words { x, y, size, bold, ink, text: text.to_owned() });
    }

    /// The same with its end at `right`.
    fn words_until(&mut self, right: i64, size: i64, bold: bool, ink: Ink, text: &str) {
        let width = self.faces.width(text, size, bold);
        self.words(right - width, size, bold, ink, text);
    }

    fn has_room(&self, height: i64) -> bool {
        self.y + height <= BOTTOM
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN + LEADING;
    }

    fn head(&mut self, sheet: &Sheet) {
        self.y += LARGE;
        self.words(MARGIN, LARGE, true, Ink::Black, &sheet.title);
        self.words_until(WIDTH - MARGIN, NORMAL, true, Ink::Black, &sheet.number);
        self.y += LEADING;
        self.words_until(WIDTH - MARGIN, NORMAL, false, Ink::Grey, &sheet.issued.to_string());
        self.y += 2 * LEADING;
        let top = self.y;
        let half = INSIDE / 2;
        self.party(MARGIN, half - PAD, "From", &sheet.issuer);
        let left_end = std::mem::replace(&mut self.y, top);
        self.party(MARGIN + half, half, "To", &sheet.recipient);
        self.y = self.y.max(left_end) + LEADING;
        for (name, value) in &sheet.facts {
            self.words(MARGIN, NORMAL, false, Ink::Grey, name);
            for line in self.wrapped(value, NORMAL, false, INSIDE - 90_000) {
                self.words(MARGIN + 90_000, NORMAL, false, Ink::Black, &line);
                self.y += LEADING;
            }
        }
        self.y += LEADING;
    }

    fn party(&mut self, x: i64, width: i64, heading: &str, party: &Party) {
        self.words(x, SMALL, false, Ink::Grey, heading);
        self.y += LEADING;
        for (at, text) in std::iter::once(&party.name).chain(&party.lines).chain(&party.tax_id).enumerate() {
            for line in self.wrapped(text, NORMAL, at == 0, width) {
                self.words(x, NORMAL, at == 0, Ink::Black, &line);
                self.y += LEADING;
            }
        }
    }

    fn table(&mut self, sheet: &Sheet) {
        let table = &sheet.table;
        let widths = self.widths(&table.columns, &table.rows);
        self.heads(&table.columns, &widths);
        for row in &table.rows {
            let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, width)| self.wrapped(cell, NORMAL, false, width - 2 * PAD)).collect();
            self.row(&cells, &table.columns, &widths);
        }
        let height = LEADING * i64::try_from(table.totals.len()).unwrap_or(1) + 3 * PAD;
        if !self.has_room(height) {
            self.turn();
        }
        self.y += PAD;
        for (at, (name, value)) in table.totals.iter().enumerate() {
            let last = at + 1 == table.totals.len();
            if last {
                self.y += PAD;
                self.mark(Mark::Box { x: WIDTH / 2, y: self.y, width: WIDTH / 2 - MARGIN, height: 800, ink: Ink::Black });
            }
            self.y += LEADING;
            let value_width = self.faces.width(value, NORMAL, last).max(80_000);
            self.words_until(WIDTH - MARGIN - PAD - value_width - PAD, NORMAL, last, Ink::Black, name);
            self.words_until(WIDTH - MARGIN - PAD, NORMAL, last, Ink::Black, value);
        }
        self.y += LEADING;
    }

    /// Each as wide as its widest cell, within bounds; the first has what is left.
    fn widths(&self, columns: &[Column], rows: &[Vec<String>]) -> Vec<i64> {
        let widest = |at: usize, column: &Column| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| self.faces.rough_width(cell, NORMAL, false));
            let head = self.faces.rough_width(&column.name, NORMAL, true);
            (cells.max().unwrap_or(0).max(head) + 2 * PAD).min(MOST_COLUMN)
        };
        let mut widths: Vec<i64> = columns.iter().enumerate().map(|(at, column)| widest(at, column)).collect();
        let others: i64 = widths.iter().skip(1).sum();
        if let Some(first) = widths.first_mut() {
            *first = INSIDE - others;
        }
        widths
    }

    fn heads(&mut self, columns: &[Column], widths: &[i64]) {
        self.mark(Mark::Box { x: MARGIN, y: self.y, width: INSIDE, height: LEADING + PAD, ink: Ink::Pale });
        self.y += LEADING;
        let names: Vec<Vec<String>> = columns.iter().map(|column| vec![column.name.clone()]).collect();
        self.cells(&names, columns, widths, true);
        self.y += PAD;
    }

    /// A row that does not fit stands on the next page, below the heads of the columns; one that fits on no page goes on there.
    fn row(&mut self, cells: &[Vec<String>], columns: &[Column], widths: &[i64]) {
        let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
        let height = LEADING * i64::try_from(lines).unwrap_or(1) + PAD;
        if !self.has_room(height) {
            self.turn();
            self.heads(columns, widths);
        }
        for at in 0..lines {
            if !self.has_room(LEADING + PAD) {
                self.turn();
                self.heads(columns, widths);
            }
            self.y += LEADING;
            let line: Vec<Vec<String>> = cells.iter().map(|cell| cell.get(at).cloned().into_iter().collect()).collect();
            self.cells(&line, columns, widths, false);
        }
        self.y += PAD;
        self.mark(Mark::Box { x: MARGIN, y: self.y, width: INSIDE, height: 400, ink: Ink::Pale });
    }

    fn cells(&mut self, cells: &[Vec<String>], columns: &[Column], widths: &[i64], bold: bool) {
        let mut x = MARGIN;
        for ((cell, column), width) in cells.iter().zip(columns).zip(widths) {
            for text in cell {
                if column.is_amount {
                    self.words_until(x + width - PAD, NORMAL, bold, Ink::Black, text);
                } else {
                    self.words(x + PAD, NORMAL, bold, Ink::Black, text);
                }
            }
            x += width;
        }
    }

    fn paragraph(&mut self, text: &str) {
        for line in self.wrapped(text, SMALL, false, INSIDE) {
            if !self.has_room(LEADING) {
                self.turn();
            }
            self.y += LEADING;
            self.words(MARGIN, SMALL, false, Ink::Grey, &line);
        }
    }

    fn feet(&mut self, sheet: &Sheet) {
        let count = self.pages.len();
        for (at, page) in self.pages.iter_mut().enumerate() {
            let name = format!("{} {}", sheet.title, sheet.number);
            let text = format!("{} · page {} of {count}", name.trim_end(), at + 1);
            let width = self.faces.width(&text, SMALL, false);
            page.push(Mark::Words { x: WIDTH - MARGIN - width, y: HEIGHT - 36_000, size: SMALL, bold: false, ink: Ink::Grey, text });
        }
    }

    /// Lines of at most `width`; words that are longer are broken.
    fn wrapped(&self, text: &str, size: i64, bold: bool, width: i64) -> Vec<String> {
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
        let space = self.faces.rough_width(" ", size, bold);
        for word in text.split_whitespace() {
            let long = self.faces.rough_width(word, size, bold);
            if !line.is_empty() && used + space + long > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if !line.is_empty() {
                line.push(' ');
                used += space;
            }
            if long <= width {
                line.push_str(word);
                used += long;
                continue;
            }
            for c in word.chars() {
                let advance = self.faces.rough_width(c.encode_utf8(&mut [0; 4]), size, bold);
                if used + advance > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += advance;
            }
        }
        lines.push(line);
        lines
    }
}
