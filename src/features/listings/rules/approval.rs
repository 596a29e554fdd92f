//! Whether staff look at a home before guests see it (docs/RULES.md, V2).

use crate::platform::config::Approval;

/// Whether a home waits for staff before it is published.
///
/// - `approved`: staff have approved this home, and it has not changed since in a way that counts.
/// - `host_approved`: staff have approved some home of the same host.
#[must_use]
pub(crate) fn is_needed(mode: Approval, approved: bool, host_approved: bool) -> bool {
    match mode {
        Approval::None => false,
        Approval::First => !approved && !host_approved,
        Approval::Every | Approval::Edits => !approved,
    }
}

/// Whether a change of these fields makes an approval void.
#[must_use]
pub(crate) fn is_void_after(mode: Approval, changed: &[&str]) -> bool {
    mode == Approval::Edits && changed.iter().any(|field| matches!(*field, "title" | "photos"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_modes_holds() {
        for (mode, [none, host, own]) in [
            (Approval::None, [false; 3]),
            (Approval::First, [true, false, false]),
            (Approval::Every, [true, true, false]),
            (Approval::Edits, [true, true, false]),
        ] {
            assert_eq!([is_needed(mode, false, false), is_needed(mode, false, true), is_needed(mode, true, true)], [none, host, own], "{mode:?}");
        }
        assert!(is_void_after(Approval::Edits, &["beds", "title"]) && is_void_after(Approval::Edits, &["photos"]));
        assert!(!is_void_after(Approval::Edits, &["beds"]) && !is_void_after(Approval::Every, &["title"]));
    }
}
