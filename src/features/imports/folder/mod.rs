//! A folder of plain CSV files: `listings.csv`, and if there are `blocked.csv` and `prices.csv`. docs/IMPORT.md has every column.

mod listings;
mod nights;

use super::airbnb::country_code;
use super::draft::{Home, Review};
use super::files::ImportFile;
use super::progress::{Pace, Progress};
use super::report::{ImportError, Report};
use super::service::{Dump, Plan, carry_out};
use super::survey::{Reading, Survey};
use super::table::Table;
use crate::features::listings::PlaceKey;
use crate::platform::db::Db;
use crate::platform::instance;
use crate::values::{Currency, Night, Zone};
use std::path::{Path, PathBuf};

/// What to import of a folder.
#[derive(Debug, Clone)]
pub struct CsvAsk {
    pub folder: PathBuf,
    pub currency: Currency,
    /// For all listings without a zone of their own; where it is missing, the coordinates say it.
    pub zone: Option<Zone>,
    /// For all listings without a country of their own, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Name of the source; `csv:` and the folder's name when there is none.
    pub source: Option<String>,
    /// The coordinates may be shown as they are. Otherwise they are taken for the homes' own, and strangers see points
    /// 150 to 500 m away (V8).
    pub public_points: bool,
    /// Any bad row aborts before anything is written.
    pub strict: bool,
    pub pace: Pace,
}

/// Imports a folder. Blocks until it is done; promises what [`super::inside_airbnb`] does.
pub fn csv(db: &Db, ask: &CsvAsk, progress: &dyn Progress) -> Result<Report, ImportError> {
    let folder = Files::find(&ask.folder)?;
    let country = ask.country.as_deref().map(country_code).transpose()?.unwrap_or_default();
    let source = ask.source.clone().unwrap_or_else(|| format!("csv:{}", folder.name));
    if source.trim().is_empty() || source == super::airbnb::SOURCE {
        return Err(ImportError::Ask(format!("“{source}” cannot be the name of this source")));
    }
    let place = if ask.public_points { None } else { Some(PlaceKey::new(&instance::secret(db)?)) };
    let shared = listings::Shared { currency: ask.currency, zone: ask.zone.as_ref().map(|zone| zone.name().into()), country, source: source.clone(), place };
    let survey = survey(&folder, &shared, &source, progress)?;
    let plan = Plan { source, scope: folder.name.clone(), city: None, strict: ask.strict, pace: ask.pace };
    carry_out(db, &plan, &survey, &Homes { file: &folder.listings, shared: &shared }, progress)
}

/// The files of a folder, each plain or gzip.
struct Files {
    name: String,
    listings: ImportFile,
    blocked: Option<ImportFile>,
    prices: Option<ImportFile>,
    /// The day on which the rows of `prices.csv` begin that name none.
    prices_from: Option<Night>,
}

impl Files {
    fn find(folder: &Path) -> Result<Self, ImportError> {
        let refuse = |reason: &str| ImportError::File { file: folder.display().to_string(), reason: reason.to_owned() };
        let real = folder.canonicalize().map_err(|_| refuse("does not exist"))?;
        if !real.is_dir() {
            return Err(refuse("is not a folder"));
        }
        let file = |name: &str| ["", ".gz"].map(|end| real.join(format!("{name}{end}"))).into_iter().find(|path| path.is_file()).map(ImportFile::Path);
        Ok(Self {
            name: real.file_name().map_or_else(|| "folder".into(), |name| name.to_string_lossy().into_owned()),
            listings: file("listings.csv").ok_or_else(|| refuse("has no listings.csv"))?,
            blocked: file("blocked.csv"),
            prices: file("prices.csv"),
            prices_from: first_day(&real.join("meta.json")),
        })
    }
}

/// The `today` of a data set's `meta.json`; nothing when there is no such file.
fn first_day(path: &Path) -> Option<Night> {
    let text = std::fs::read_to_string(path).ok()?;
    let meta: serde_json::Value = serde_json::from_str(&text).ok()?;
    meta["today"].as_str().and_then(Night::parse)
}

fn survey(folder: &Files, shared: &listings::Shared, source: &str, progress: &dyn Progress) -> Result<Survey, ImportError> {
    let zone = shared.zone.as_deref().unwrap_or("by place");
    let from = folder.prices_from.map_or_else(String::new, |day| day.to_string());
    let parts = [folder.blocked.is_some(), folder.prices.is_some()].map(|there| if there { "there" } else { "" });
    let points = if shared.place.is_some() { "moved" } else { "public" };
    let mut survey = Survey::new(&[source, shared.currency.code(), zone, &shared.country, &from, parts[0], parts[1], points]);
    let files: Vec<&ImportFile> = [Some(&folder.listings), folder.blocked.as_ref(), folder.prices.as_ref()].into_iter().flatten().collect();
    let mut reading = Reading::new(progress, &files);
    let mut mapping = listings::Mapping::new(shared);
    reading.file(&mut survey, &folder.listings, &listings::REQUIRED, |survey, row| listings::survey(survey, row, &mut mapping))?;
    if let Some(file) = &folder.blocked {
        let name = file.name();
        reading.file(&mut survey, file, &nights::BLOCKED, |survey, row| nights::blocked(survey, row, &name))?;
    }
    if let Some(file) = &folder.prices {
        let name = file.name();
        reading.file(&mut survey, file, &nights::PRICES, |survey, row| nights::prices(survey, row, &name, folder.prices_from))?;
    }
    survey.settle("prices.csv");
    Ok(survey)
}

/// `listings.csv`, for the second reading.
struct Homes<'a> {
    file: &'a ImportFile,
    shared: &'a listings::Shared,
}

impl Dump for Homes<'_> {
    fn homes(&self, survey: &Survey, take: &mut dyn FnMut(u32, Home) -> Result<(), ImportError>) -> Result<(), ImportError> {
        let mut mapping = listings::Mapping::new(self.shared);
        let mut table = Table::open(self.file, &listings::REQUIRED, false)?;
        let mut next = 0;
        while let Some(row) = table.next_row()? {
            let Ok(home) = listings::home(&row, &mut mapping) else { continue };
            if survey.place(&home.external_id) == Some(next) {
                take(next, home)?;
                next += 1;
            }
        }
        Ok(())
    }

    fn reviews(&self, _: &Survey, _: &mut dyn FnMut(Review) -> Result<(), ImportError>) -> Result<(), ImportError> {
        Ok(())
    }
}
