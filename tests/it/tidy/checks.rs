//! The rules of the house, each a function from sources to complaints (docs: ARCHITECTURE.md, "The house").

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Which features a feature may know, through their front doors. One way only; who is missing here may know nobody.
/// Nobody but `quotes` knows `availability`, nobody but `bookings` knows `quotes`; nobody knows `search`, `reviews`, `imports`, `feeds`, `messages`,
/// `notifications`, `moderation` but `app` and `cli`.
pub(super) const MAY_KNOW: &[(&str, &[&str])] = &[
    ("accounts", &[]),
    ("listings", &["accounts"]),
    ("media", &["accounts", "listings"]),
    ("calendar", &["accounts", "listings"]),
    ("pricing", &["accounts", "listings", "calendar"]),
    ("ledger", &[]),
    ("payments", &["accounts", "ledger"]),
    ("credit", &["accounts", "ledger"]),
    ("bookings", &["accounts", "listings", "media", "calendar", "pricing", "cancellation", "quotes", "ledger", "payments", "credit"]),
    ("claims", &["accounts", "listings", "bookings", "ledger", "payments"]),
    ("payouts", &["accounts", "listings", "bookings", "ledger", "payments"]),
    ("availability", &["accounts", "listings", "calendar", "pricing", "feeds"]),
    ("cancellation", &["listings", "pricing"]),
    ("quotes", &["accounts", "listings", "calendar", "pricing", "availability", "cancellation"]),
    ("search", &["accounts", "listings", "calendar", "pricing"]),
    ("imports", &["accounts", "listings", "calendar"]),
    ("feeds", &["accounts", "listings", "calendar"]),
    ("transfer", &["accounts", "listings", "calendar", "cancellation"]),
    ("stress", &["bookings", "ledger", "payments", "quotes"]),
    ("documents", &["accounts", "listings", "bookings", "cancellation", "ledger", "payments", "payouts", "pricing"]),
    ("reviews", &["accounts", "listings", "bookings"]),
    ("messages", &["accounts", "listings", "bookings"]),
    ("notifications", &["accounts", "listings", "bookings"]),
    ("moderation", &["accounts", "listings", "bookings"]),
];

/// Rooms that nobody enters from outside. What else a front door opens with `pub mod` (pure rules, a vocabulary) is open.
const CLOSED_ROOMS: &[&str] = &["api", "graphql", "service", "store", "jobs"];

/// Longer than the longest file we like; each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];
const LONGEST_FILE: usize = 450;
const LONGEST_FRONT_DOOR: usize = 40;

/// values 0, platform 1, features 2, app and cli 3, main and lib 4.
fn floor(module: &[String]) -> Option<u8> {
    match module.first().map(String::as_str) {
        None => Some(4),
        Some("values") => Some(0),
        Some("platform") => Some(1),
        Some("features") => Some(2),
        Some("app" | "cli") => Some(3),
        Some(_) => None,
    }
}

/// Uses that run upward, or from feature to feature past the front door or against the graph.
pub(super) fn wrong_way_uses(source: &Source) -> Vec<String> {
    let here = source.module();
    let Some(own_floor) = floor(&here) else { return vec![format!("{}: this folder is on no floor of the house", source.path)] };
    let mut complaints = Vec::new();
    for (line, path) in paths(source) {
        let mut complain = |why: &str| complaints.push(format!("{}:{line}: {} {why}", source.path, path.join("::")));
        // A path may end in an item, so only its first part tells the floor.
        let Some(target) = floor(&path[..1.min(path.len())]) else { continue };
        if target < 4 && target > own_floor {
            complain("runs upward");
        }
        if let (Some(from), Some("features"), Some(to)) = (source.feature(), path.first().map(String::as_str), path.get(1))
            && from != to
        {
            let known = MAY_KNOW.iter().find(|(name, _)| *name == from).map_or(&[][..], |(_, known)| known);
            if !known.contains(&to.as_str()) {
                complain(&format!("is not for {from} to know (MAY_KNOW in tests/it/tidy)"));
            } else if path.get(2).is_some_and(|item| CLOSED_ROOMS.contains(&item.as_str())) {
                complain("goes past the front door");
            }
        }
    }
    complaints
}

/// Every path that starts at `crate` or climbs by `super`, from the crate's root, braces expanded.
fn paths(source: &Source) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in source.code.match_indices(start) {
            let before = source.code[..at].trim_end();
            let joined = before.ends_with("::") || source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
            if joined {
                continue;
            }
            let line = source.code[..at].matches('\n').count() + 1;
            let mut base = if start == "crate::" { Vec::new() } else { source.module() };
            let mut rest = &source.code[at..];
            if start == "crate::" {
                rest = &rest["crate::".len()..];
            }
            while let Some(up) = rest.strip_prefix("super::") {
                base.pop();
                rest = up;
            }
            let mut ends = Vec::new();
            expand(rest, base, &mut ends);
            found.extend(ends.into_iter().map(|path| (line, path)));
        }
    }
    found.sort();
    found
}

/// Reads `a::b`, `a::{b, c::d}`, `a::*`; answers what follows.
fn expand<'a>(text: &'a str, mut base: Vec<String>, ends: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        if let Some(mut inner) = rest.strip_prefix('{') {
            loop {
                inner = expand(inner, base.clone(), ends).trim_start();
                if let Some(alias) = inner.strip_prefix("as ") {
                    inner = alias.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').trim_start();
                }
                match inner.strip_prefix(',') {
                    Some(next) if !next.trim_start().starts_with('}') => inner = next,
                    _ => break,
                }
            }
            return inner.trim_start_matches([',', ' ', '\n']).strip_prefix('}').unwrap_or(inner);
        }
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if length > 0 && &rest[..length] != "self" {
            base.push(rest[..length].to_owned());
        }
        match rest[length..].strip_prefix("::") {
            Some(next) => rest = next.trim_start(),
            None => {
                ends.push(base);
                return &rest[length..];
            }
        }
    }
}

/// SQL of a feature that is not in its store.
pub(super) fn sql_outside_stores(source: &Source) -> Vec<String> {
    if source.feature().is_none() || source.is_room("store") {
        return Vec::new();
    }
    let is_sql = |text: &str| ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "].iter().any(|verb| text.trim_start().starts_with(verb));
    source.literals.iter().filter(|(_, text)| is_sql(text)).map(|(line, _)| format!("{}:{line}: SQL belongs into store.rs", source.path)).collect()
}

/// Rules that look at the world.
pub(super) fn io_in_rules(source: &Source) -> Vec<String> {
    const WORLD: &[&str] = &["tokio", "tracing", "Db", "Tx", "Conn", "SystemTime", "SystemClock", "async", "await", "println", "poem", "postgres", "rusqlite"];
    if !source.is_room("rules") {
        return Vec::new();
    }
    let mut complaints: Vec<String> =
        source.words().filter(|(_, word)| WORLD.contains(word)).map(|(line, word)| format!("{}:{line}: a rule may not use {word}", source.path)).collect();
    for module in ["std::fs", "std::net", "std::env", "std::process", "std::thread", "std::time::Instant"] {
        if source.code.contains(module) {
            complaints.push(format!("{}: a rule may not use {module}", source.path));
        }
    }
    complaints
}

/// Files that no `mod` leads to.
pub(super) fn orphans(sources: &[Source]) -> Vec<String> {
    let reached = reached(sources);
    sources.iter().filter(|s| !reached.contains_key(s.path.as_str())).map(|s| format!("{}: no mod declaration leads here", s.path)).collect()
}

/// Whether a file belongs to the tests only: a `#[cfg(test)] mod` leads there.
pub(super) fn test_files(sources: &[Source]) -> BTreeSet<&str> {
    reached(sources).into_iter().filter(|(_, only_tests)| *only_tests).map(|(path, _)| path).collect()
}

/// Every file that a `mod` leads to from `lib.rs` or `main.rs`, and whether only tests lead there.
fn reached(sources: &[Source]) -> BTreeMap<&str, bool> {
    let mut reached: BTreeMap<&str, bool> = BTreeMap::new();
    let mut waiting: Vec<(&Source, bool)> = sources.iter().filter(|s| matches!(s.path.as_str(), "lib.rs" | "main.rs")).map(|s| (s, false)).collect();
    while let Some((source, only_tests)) = waiting.pop() {
        if reached.get(source.path.as_str()).is_some_and(|known| *known <= only_tests) {
            continue;
        }
        reached.insert(&source.path, only_tests);
        let (beside, below) = (source.path.rsplit_once('/').map_or("", |(folder, _)| folder), source.module().join("/"));
        for module in declared_modules(&source.text) {
            let candidates = match module.path {
                Some(path) => vec![join(beside, path)],
                None => vec![join(&below, &format!("{}.rs", module.name)), join(&below, &format!("{}/mod.rs", module.name))],
            };
            waiting.extend(sources.iter().filter(|s| candidates.contains(&s.path)).map(|s| (s, only_tests || module.only_tests)));
        }
    }
    reached
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A `mod name;`.
struct Declared<'a> {
    name: &'a str,
    path: Option<&'a str>,
    only_tests: bool,
}

fn declared_modules(text: &str) -> Vec<Declared<'_>> {
    let (mut found, mut path, mut only_tests) = (Vec::new(), None, false);
    for line in text.lines().map(str::trim) {
        let bare = line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(").and_then(|l| l.split_once(") ").map(|(_, l)| l))).unwrap_or(line);
        if let Some(name) = bare.strip_prefix("mod ").and_then(|l| l.strip_suffix(';')) {
            found.push(Declared { name, path, only_tests });
        } else if line.starts_with("#[") {
            only_tests |= line == "#[cfg(test)]";
            path = path.or(line.strip_prefix("#[path = \"").and_then(|l| l.strip_suffix("\"]")));
            continue;
        }
        (path, only_tests) = (None, false);
    }
    found
}

/// Heads, sizes, front doors, module files, and the pool that only platform/db may know.
pub(super) fn shape(source: &Source, all: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut complain = |why: String| complaints.push(format!("{}: {why}", source.path));
    let lines = source.text.lines().count();
    if lines > 2 && !source.text.starts_with("//!") {
        complain("a file opens with //! and says what it is for".into());
    }
    if lines > LONGEST_FILE && !LONG_FILES.iter().any(|(path, reason)| *path == source.path && !reason.is_empty()) {
        complain(format!("{lines} lines; look for the seam (at most {LONGEST_FILE}, or a reason in LONG_FILES)"));
    }
    if source.is_room("mod") {
        if lines > LONGEST_FRONT_DOOR {
            complain(format!("{lines} lines; a front door has at most {LONGEST_FRONT_DOOR}"));
        }
        for room in CLOSED_ROOMS {
            if source.code.lines().any(|line| line.trim_start().starts_with("pub") && line.contains(&format!(" mod {room};"))) {
                complain(format!("the room {room} is private; export its items with pub use"));
            }
        }
    }
    if all.iter().any(|other| other.path == format!("{}/mod.rs", source.path.trim_end_matches(".rs")))
        || all.iter().any(|other| other.path.starts_with(&format!("{}/", source.path.trim_end_matches(".rs"))))
    {
        complain("a module with a folder lives in the folder's mod.rs".into());
    }
    if !source.path.starts_with("platform/db/") && source.words().any(|(_, word)| word == "r2d2") {
        complain("connection pools are known to platform/db alone".into());
    }
    if let Some(feature) = source.feature()
        && !MAY_KNOW.iter().any(|(name, _)| *name == feature)
    {
        complain("this feature is missing in MAY_KNOW".into());
    }
    complaints
}

/// Notes to oneself that must not reach the main branch.
pub(super) fn notes_to_self(path: &str, text: &str) -> Vec<String> {
    let notes = [["FIX", "ME"], ["TO", "DO"], ["XX", "X"], ["HA", "CK"]].map(|halves| halves.concat());
    let words = |line: &str| line.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
    let has_note = |line: &str| words(line).iter().any(|word| notes.contains(word));
    text.lines().enumerate().filter(|(_, line)| has_note(line)).map(|(n, line)| format!("{path}:{}: {}", n + 1, line.trim())).collect()
}
