//! A city of Inside Airbnb: listings, and if there are calendars and reviews. docs/IMPORT.md says how columns map.

mod calendar;
mod listings;
mod reviews;

use super::draft::{Home, Review};
use super::files::ImportFile;
use super::progress::{Pace, Progress};
use super::report::{ImportError, Report};
use super::service::{Dump, Plan, carry_out};
use super::survey::{Reading, Survey};
use super::table::Table;
use crate::features::listings::amenities::Folder;
use crate::platform::db::Db;
use crate::values::{Currency, Night, Zone};

/// The source's name in the database.
pub(super) const SOURCE: &str = "inside-airbnb";

/// What to import of Inside Airbnb.
#[derive(Debug, Clone)]
pub struct InsideAirbnbAsk {
    pub listings: ImportFile,
    pub calendar: Option<ImportFile>,
    pub reviews: Option<ImportFile>,
    /// As guests read it.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub currency: Currency,
    pub zone: Zone,
    /// The day that the calendar's first date becomes.
    pub shift_to: Option<Night>,
    /// Any bad row aborts before anything is written.
    pub strict: bool,
    pub pace: Pace,
}

/// Imports a city. Blocks until it is done.
///
/// The same files with the same options as last time change nothing. Otherwise what the import owns is written anew;
/// what hosts have edited and guests have booked here stays.
pub fn inside_airbnb(db: &Db, ask: &InsideAirbnbAsk, progress: &dyn Progress) -> Result<Report, ImportError> {
    run(db, ask, &ask.city, progress)
}

/// [`inside_airbnb`] under another name of the scope.
pub(super) fn run(db: &Db, ask: &InsideAirbnbAsk, scope: &str, progress: &dyn Progress) -> Result<Report, ImportError> {
    let country = country_code(&ask.country)?;
    if ask.city.trim().is_empty() {
        return Err(ImportError::Ask("the city needs a name".into()));
    }
    let survey = survey(ask, &country, progress)?;
    let plan = Plan { source: SOURCE.into(), scope: scope.to_owned(), city: Some(&ask.city), strict: ask.strict, pace: ask.pace };
    carry_out(db, &plan, &survey, &City { ask, country }, progress)
}

/// Two ASCII letters, upper-case.
pub(super) fn country_code(text: &str) -> Result<String, ImportError> {
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_uppercase());
    }
    Err(ImportError::Ask(format!("“{text}” is not a country code of two letters such as US")))
}

fn survey(ask: &InsideAirbnbAsk, country: &str, progress: &dyn Progress) -> Result<Survey, ImportError> {
    let shift = ask.shift_to.map_or_else(|| "no shift".to_owned(), |day| day.to_string());
    let parts = [if ask.calendar.is_some() { "calendar" } else { "" }, if ask.reviews.is_some() { "reviews" } else { "" }];
    let mut survey = Survey::new(&[SOURCE, &ask.city, country, ask.currency.code(), ask.zone.name(), &shift, parts[0], parts[1]]);
    let files: Vec<&ImportFile> = [Some(&ask.listings), ask.calendar.as_ref(), ask.reviews.as_ref()].into_iter().flatten().collect();
    let mut reading = Reading::new(progress, &files);
    let mut mapping = listings::Mapping::new(ask, country);
    reading.file(&mut survey, &ask.listings, &listings::REQUIRED, |survey, row| listings::survey(survey, row, &mut mapping))?;
    if let Some(file) = &ask.calendar {
        let name = file.name();
        reading.file(&mut survey, file, &calendar::REQUIRED, |survey, row| calendar::survey(survey, row, &name, ask.currency))?;
        survey.settle(&name);
        survey.shift_to(ask.shift_to);
    }
    if let Some(file) = &ask.reviews {
        let name = file.name();
        reading.file(&mut survey, file, &reviews::REQUIRED, |survey, row| reviews::survey(survey, row, &name))?;
    }
    Ok(survey)
}

/// The files of a city, for the second reading.
struct City<'a> {
    ask: &'a InsideAirbnbAsk,
    country: String,
}

impl Dump for City<'_> {
    fn homes(&self, survey: &Survey, take: &mut dyn FnMut(u32, Home) -> Result<(), ImportError>) -> Result<(), ImportError> {
        let mut mapping = listings::Mapping { folder: Folder::default(), ..listings::Mapping::new(self.ask, &self.country) };
        let mut table = Table::open(&self.ask.listings, &listings::REQUIRED, false)?;
        let mut next = 0;
        while let Some(row) = table.next_row()? {
            // Bad rows have been reported by the survey; an id that comes again is not the next place.
            let Ok(home) = listings::home(&row, &mut mapping) else { continue };
            if survey.place(&home.external_id) == Some(next) {
                take(next, home)?;
                next += 1;
            }
        }
        Ok(())
    }

    fn reviews(&self, survey: &Survey, take: &mut dyn FnMut(Review) -> Result<(), ImportError>) -> Result<(), ImportError> {
        let Some(file) = &self.ask.reviews else { return Ok(()) };
        let mut table = Table::open(file, &reviews::REQUIRED, false)?;
        while let Some(row) = table.next_row()? {
            if let Ok(Some(review)) = reviews::review(&row, |id| survey.place(id)) {
                take(review)?;
            }
        }
        Ok(())
    }
}
