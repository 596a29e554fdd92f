//! What `stopover doctor` looks at, feature by feature.

use super::{fingerprint, witnesses};
use crate::features::media::{self, Media};
use crate::features::payments::{Nobody, Payments};
use crate::features::{documents, imports, ledger, payouts, search};
use crate::platform::audit;
use crate::platform::db::DbError;
use crate::platform::health::Check;
use crate::platform::instance;
use crate::platform::jobs;
use crate::platform::mail;
use crate::platform::outbound::Outbound;
use crate::platform::tools::Tools;
use std::sync::Arc;

/// What `stopover doctor` looks at beyond the platform. Blocks.
pub fn checks(tools: &Tools) -> anyhow::Result<Vec<Check>> {
    let instance = fingerprint(&instance::secret(&tools.db)?);
    let (index, kept, imports, same, books) = (tools.clone(), tools.clone(), tools.db.clone(), instance.clone(), tools.clone());
    let (paying, sending, papers) = (tools.clone(), tools.db.clone(), tools.db.clone());
    let (pictures, trail, work, post) = (tools.clone(), tools.clone(), tools.db.clone(), Arc::clone(&tools.config));
    Ok(vec![
        Check::new("search index", move || search::check(&index.db, &index.config.data_dir, &instance)),
        Check::new("snapshot", move || search::check_snapshot(&kept.db, &kept.config.data_dir, &same, &kept.config.fees)),
        Check::new("audit", move || audit::check(&trail.db, &trail.keys)),
        Check::new("ledger", move || ledger::check(&books.db, &books.keys, &witnesses())),
        Check::new("imports", move || {
            let unfinished = imports.read_blocking(imports::unfinished).map_err(|error: DbError| error.to_string())?;
            let names: Vec<String> = unfinished.into_iter().map(|(source, scope)| format!("{source} {scope}")).collect();
            if names.is_empty() { Ok("none unfinished".into()) } else { Err(format!("interrupted: {}; run the same import again", names.join(", "))) }
        }),
        Check::new("media", move || Media::open(&pictures).map_err(|error| format!("{error:#}")).and_then(|media| media::check(&media))),
        Check::new("jobs", move || jobs::check(&work)),
        Check::new("payments", move || Payments::open(&paying, &Outbound::open(&paying.config), Arc::new(Nobody)).check()),
        Check::new("payouts", move || payouts::check(&sending)),
        Check::new("documents", move || documents::check(&papers)),
        Check::new("mail", move || mail::check(&post)),
    ])
}
