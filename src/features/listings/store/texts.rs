//! SQL of a home's texts in further languages; '' is the language its host wrote in.

use super::super::rules::home::Texts;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::ListingId;

pub const TRANSLATIONS: &str = "SELECT language, title, summary, description, neighbourhood_text, house_rules FROM listing_texts
    WHERE listing_id = $1 AND language <> '' ORDER BY language";

/// The texts of a home in one further language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// BCP 47.
    pub language: String,
    /// Empty: as the host wrote it.
    pub title: String,
    pub(in super::super) texts: Texts,
}

/// All translations of a home, by language.
pub(in super::super) fn of(conn: &mut Conn<'_>, id: ListingId) -> DbResult<Vec<Translation>> {
    conn.query(TRANSLATIONS, &[id.into()], |row| {
        let texts = Texts { summary: row.get(2)?, description: row.get(3)?, neighbourhood_text: row.get(4)?, house_rules: row.get(5)? };
        Ok(Translation { language: row.get(0)?, title: row.get(1)?, texts })
    })
}

/// Puts a translation in the place of the one in the same language.
pub(in super::super) fn put(tx: &mut Tx<'_>, id: ListingId, translation: &Translation) -> DbResult<()> {
    const PUT: &str = "INSERT INTO listing_texts (listing_id, language, title, summary, description, neighbourhood_text, house_rules)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (listing_id, language) DO UPDATE SET title = excluded.title, summary = excluded.summary,
        description = excluded.description, neighbourhood_text = excluded.neighbourhood_text, house_rules = excluded.house_rules";
    let Translation { language, title, texts } = translation;
    let text = |text: &String| text.as_str().into();
    let params =
        [id.into(), text(language), text(title), text(&texts.summary), text(&texts.description), text(&texts.neighbourhood_text), text(&texts.house_rules)];
    tx.execute(PUT, &params).map(|_rows| ())
}

/// Drops a translation. `false`: there was none.
pub(in super::super) fn drop(tx: &mut Tx<'_>, id: ListingId, language: &str) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM listing_texts WHERE listing_id = $1 AND language = $2 AND language <> ''", &[id.into(), language.into()])? > 0)
}
