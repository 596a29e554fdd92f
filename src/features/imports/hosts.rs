//! Writing hosts: before any listing, so that listings can point to them.

use super::draft::Host;
use super::piece::{Print, Stamp};
use super::progress::{Pace, Progress, Stage};
use super::report::ImportError;
use super::service::{ask, write};
use super::store;
use super::survey::Survey;
use crate::platform::db::{Db, Value};
use crate::platform::events::{self, Kind};
use crate::platform::instance::hex;
use crate::values::UserId;
use sha2::{Digest, Sha256};

/// Writes the hosts that are new or have changed; answers the id of each host of the survey.
pub(super) fn write_hosts(db: &Db, survey: &Survey, stamp: &Stamp, pace: Pace, progress: &dyn Progress) -> Result<Vec<UserId>, ImportError> {
    let mut known: Vec<Option<(UserId, [u8; 16])>> = vec![None; survey.hosts().len()];
    db.read_blocking(|conn| {
        store::known_hosts(conn, &stamp.source, |external_id, id, hash| {
            if let Some(place) = survey.host_place(external_id) {
                known[place] = Some((id, hash));
            }
        })
    })?;
    let mut ids = Vec::with_capacity(known.len());
    let mut places = survey.hosts().iter().zip(known);
    loop {
        let (mut rows, mut changes) = (Vec::new(), Vec::new());
        // A host is written as fast as a listing's two rows are, so the same pace does for them.
        for (host, known) in places.by_ref().take(pace.rows() / 2) {
            ids.push(sort_in(host, known, stamp, &mut rows, &mut changes));
        }
        if rows.is_empty() && changes.is_empty() && ids.len() == survey.hosts().len() {
            return Ok(ids);
        }
        write(db, move |tx, now| {
            for (id, hash, owned) in &changes {
                store::update_host(tx, *id, hash, owned, now)?;
                // The host stands on every card and page of theirs, and in the text index.
                for listing in store::listings_of_host(tx, *id)? {
                    events::append(tx, Kind::ListingChanged, listing.0, &serde_json::json!({}), now)?;
                }
            }
            store::insert_hosts(tx, &rows).map(|_| ())
        })?;
        ask(progress, Stage::Hosts, ids.len() as u64, survey.hosts().len() as u64)?;
    }
}

type HostChange = (UserId, String, Vec<Value>);

/// Puts a host where it belongs: among the new rows, among the changes, or nowhere when it is as it was.
fn sort_in(host: &Host, known: Option<(UserId, [u8; 16])>, stamp: &Stamp, rows: &mut Vec<Value>, changes: &mut Vec<HostChange>) -> UserId {
    let owned = owned_values(host);
    let mut print = Print(Sha256::new());
    owned.iter().for_each(|value| print.value(value));
    let hash = print.end();
    match known {
        Some((id, same)) if same == hash => id,
        Some((id, _)) => {
            changes.push((id, hex(&hash), owned));
            id
        }
        None => {
            let id = UserId::new();
            rows.extend([id.into(), stamp.source.as_str().into(), host.external_id.as_str().into(), hex(&hash).into(), stamp.at.into(), stamp.at.into()]);
            rows.extend(owned);
            id
        }
    }
}

/// The values of [`store::HOST_OWNED`], in its order.
fn owned_values(host: &Host) -> Vec<Value> {
    let values: [Value; store::HOST_OWNED.len()] = [
        host.name.as_str().into(),
        host.about.as_str().into(),
        host.location.as_str().into(),
        host.photo_url.clone().into(),
        host.identity_verified.into(),
        host.top_host.into(),
        host.response_rate.into(),
        host.member_since.into(),
    ];
    values.into()
}
