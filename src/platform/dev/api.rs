//! `GET /dev/clock` and `POST /dev/advance`: there under `serve --dev` only, and in no OpenAPI document.

use super::{Arrival, Journeys};
use crate::platform::access::{Action, Door};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::Tag;
use crate::platform::tasks::aside;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// The longest journey.
const MOST_SECONDS: i64 = 400 * 86_400;

/// Who may come in: whoever reaches an instance that nobody lives in.
pub(super) const DOORS: &[Door] = &[Door::to("getClock", Action::LookAround), Door::to("advanceClock", Action::LookAround)];

/// The clock of the instance.
pub(super) struct DevApi {
    journeys: Journeys,
}

impl DevApi {
    pub(super) fn new(journeys: Journeys) -> Self {
        Self { journeys }
    }
}

/// How far to go; the parts are added.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct AdvanceAsk {
    #[oai(default)]
    days: i64,
    #[oai(default)]
    hours: i64,
    #[oai(default)]
    minutes: i64,
}

/// What time it is.
#[derive(Debug, Object)]
struct ClockView {
    /// RFC 3339, UTC.
    now: String,
    /// Seconds by which this is later than the machine's time.
    ahead_seconds: i64,
}

/// Where the journey led.
#[derive(Debug, Object)]
struct ArrivalView {
    /// RFC 3339, UTC.
    now: String,
    /// Jobs that were run on the way, tries that failed included.
    jobs_run: u64,
    /// False where there was more to do on the way than one request takes: ask again for the rest.
    reached: bool,
}

#[OpenApi(tag = "Tag::Platform")]
impl DevApi {
    /// What time is it here?
    #[oai(path = "/dev/clock", method = "get", operation_id = "getClock")]
    async fn clock(&self) -> Json<ClockView> {
        Json(ClockView { now: self.journeys.now().to_string(), ahead_seconds: self.journeys.ahead_seconds() })
    }

    /// Moves the clock on, and runs what becomes due on the way in the order of its times. There is no way back.
    #[oai(path = "/dev/advance", method = "post", operation_id = "advanceClock")]
    async fn advance(&self, ask: Json<AdvanceAsk>) -> Result<Json<ArrivalView>> {
        let seconds = ask.0.seconds()?;
        let journeys = self.journeys.clone();
        let arrived = aside(move || journeys.advance(seconds)).await.map_err(|failed| Error::Broken(failed.into()))?;
        let Arrival { now, jobs, reached } = arrived.map_err(|broken| Error::Broken(broken.into()))?;
        Ok(Json(ArrivalView { now: now.to_string(), jobs_run: jobs as u64, reached }))
    }
}

impl AdvanceAsk {
    fn seconds(&self) -> Result<i64> {
        let parts = [("days", self.days, 86_400), ("hours", self.hours, 3_600), ("minutes", self.minutes, 60)];
        let mut sum: i64 = 0;
        for (name, count, unit) in parts {
            let seconds = Some(count).filter(|count| *count >= 0).and_then(|count| count.checked_mul(unit)).filter(|seconds| *seconds <= MOST_SECONDS);
            let Some(seconds) = seconds else { return Err(out_of_range(&format!("/body/{name}"), "must be 0 or more, and no more than 400 days")) };
            sum += seconds;
        }
        if (1..=MOST_SECONDS).contains(&sum) { Ok(sum) } else { Err(out_of_range("/body", "must come to at least a minute and at most 400 days")) }
    }
}

fn out_of_range(pointer: &str, message: &str) -> Error {
    Error::refused(Kind::Unacceptable, "out_of_range", format!("The clock moves forward only: {message}.")).with_error(FieldError::new(
        pointer,
        "out_of_range",
        message.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journeys_lead_forward_and_not_too_far() {
        for (days, hours, minutes, seconds) in [
            (0, 24, 0, Some(86_400)),
            (1, 1, 1, Some(90_060)),
            (400, 0, 0, Some(34_560_000)),
            (400, 0, 1, None),
            (0, 0, 0, None),
            (-1, 48, 0, None),
            (i64::MAX, 0, 0, None),
            (0, 9_600, 1, None),
        ] {
            assert_eq!(AdvanceAsk { days, hours, minutes }.seconds().ok(), seconds, "{days} {hours} {minutes}");
        }
    }
}
