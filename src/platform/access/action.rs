//! The table of roles and permissions (docs/RULES.md, "Roles"): rows are actions, columns are what somebody is.

use super::{Principal, Role, Scope};
use Cell::{Limited, No, Own, Yes};

/// What can be done. The first part is about one's own account, the second is rules.md section 11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Looking at what everybody may see of the server itself: health, reference lists, documents.
    LookAround,
    /// Coming in: registration, login, links from letters. Who is logged in already is treated as a stranger.
    ComeIn,
    ReadOwnAccount,
    EditOwnAccount,
    /// Sessions, tokens, second factors: never by a personal access token.
    SecureOwnAccount,
    Search,
    CreateListing,
    EditListing,
    DeleteListing,
    ViewCalendarCauses,
    EditCalendar,
    Book,
    AnswerBooking,
    CancelBooking,
    MessageGuest,
    SeeGuestContact,
    /// Receipts and invoices of a stay.
    ReadPapers,
    ClaimDamage,
    SeeEarnings,
    EditPayoutMethod,
    ManageCoHosts,
    Review,
    Moderate,
    HandleMoney,
    Administer,
    ReadAudit,
}

/// Whether somebody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    No,
    Yes,
    /// On what is theirs: their own side, their own listing.
    Own,
    /// On a part of it that the use case knows; the words say which.
    Limited(&'static str),
}

/// An action with its cells: anonymous, guest, co-host for the calendar, co-host for calendar and messages, full co-host,
/// host, moderator, finance, operator.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub action: Action,
    pub words: &'static str,
    pub cells: [Cell; 9],
    /// What a personal access token needs; `None`: no such token is enough.
    pub scope: Option<Scope>,
}

/// What somebody is to the thing they want to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Stranger,
    /// Their own account, their own side of a booking.
    Themselves,
    CoHostCalendar,
    CoHostMessages,
    CoHostFull,
    Host,
}

const fn row(action: Action, words: &'static str, scope: Option<Scope>, cells: [Cell; 9]) -> Row {
    Row { action, words, cells, scope }
}

/// The whole table.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    //                                                                                                   A    G    C1   C2   C3   H    M    F    O
    row(Action::LookAround, "look around", None,                                                         [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes]),
    row(Action::ComeIn, "register, log in, follow a link from a letter", None,                           [Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes]),
    row(Action::ReadOwnAccount, "read the own account", Some(Scope::AccountRead),                        [No,  Own, Own, Own, Own, Own, Own, Own, Own]),
    row(Action::EditOwnAccount, "edit the own account", Some(Scope::AccountWrite),                       [No,  Own, Own, Own, Own, Own, Own, Own, Own]),
    row(Action::SecureOwnAccount, "sessions, tokens and second factors of the own account", None,        [No,  Own, Own, Own, Own, Own, Own, Own, Own]),
    row(Action::Search, "search, view published listings and profiles, quote", Some(Scope::ListingsRead),[Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes]),
    row(Action::CreateListing, "create a listing", Some(Scope::ListingsWrite),                           [No,  Yes, No,  No,  No,  Yes, No,  No,  Yes]),
    row(Action::EditListing, "edit a listing's content and prices", Some(Scope::ListingsWrite),          [No,  No,  No,  No,  Own, Own, Limited("hide"), No, Yes]),
    row(Action::DeleteListing, "delete a listing, transfer it", Some(Scope::ListingsWrite),              [No,  No,  No,  No,  No,  Own, No,  No,  Yes]),
    row(Action::ViewCalendarCauses, "see why nights are closed", Some(Scope::ListingsRead),              [No,  No,  Own, Own, Own, Own, Yes, No,  Yes]),
    row(Action::EditCalendar, "edit the calendar and its feeds", Some(Scope::ListingsWrite),             [No,  No,  No,  No,  Own, Own, No,  No,  Yes]),
    row(Action::Book, "request or book a stay", Some(Scope::BookingsWrite),                              [No,  Limited("not the own listing"), No, No, No, No, No, No, Limited("on behalf")]),
    row(Action::AnswerBooking, "accept, decline, propose a change", Some(Scope::BookingsWrite),          [No,  Own, No,  No,  Own, Own, No,  No,  Yes]),
    row(Action::CancelBooking, "cancel a stay", Some(Scope::BookingsWrite),                              [No,  Own, No,  No,  Own, Own, No,  No,  Yes]),
    row(Action::MessageGuest, "write to a guest", Some(Scope::BookingsWrite),                            [No,  Own, No,  Own, Own, Own, Limited("on report"), No, Limited("on report")]),
    row(Action::SeeGuestContact, "see a guest's contact after confirmation", Some(Scope::BookingsRead),  [No,  Own, No,  Own, Own, Own, No,  No,  Yes]),
    row(Action::ReadPapers, "read the receipts and invoices of a stay", Some(Scope::BookingsRead),       [No,  Own, No,  No,  Own, Own, No,  Yes, Yes]),
    row(Action::ClaimDamage, "file, answer or decide a damage claim", Some(Scope::BookingsWrite),        [No,  Limited("answer"), No, No, Own, Own, No, Yes, Yes]),
    row(Action::SeeEarnings, "see the earnings of a listing", Some(Scope::BookingsRead),                 [No,  No,  No,  No,  Own, Own, No,  Yes, Yes]),
    row(Action::EditPayoutMethod, "edit a payout method", None,                                          [No,  No,  No,  No,  No,  Own, No,  No,  Limited("suspend only")]),
    row(Action::ManageCoHosts, "manage co-hosts", Some(Scope::ListingsWrite),                            [No,  No,  No,  No,  Limited("up to messages"), Own, No, No, Yes]),
    row(Action::Review, "review a stay, reply", Some(Scope::BookingsWrite),                              [No,  Own, No,  No,  Own, Own, Limited("remove"), No, Limited("remove")]),
    row(Action::Moderate, "work the moderation queue, find and suspend people", Some(Scope::Admin),      [No,  No,  No,  No,  No,  No,  Yes, No,  Yes]),
    row(Action::HandleMoney, "override refunds, ledger, payouts", Some(Scope::Admin),                    [No,  No,  No,  No,  No,  No,  No,  Yes, Yes]),
    row(Action::Administer, "settings, backups, people, impersonation", Some(Scope::Admin),              [No,  No,  No,  No,  No,  No,  No,  No,  Yes]),
    row(Action::ReadAudit, "read the audit log", Some(Scope::Admin),                                     [No,  Limited("own entries"), No, No, No, Limited("own listing"), Yes, Yes, Yes]),
];

impl Action {
    /// The row of the table.
    #[must_use]
    pub fn row(self) -> &'static Row {
        // The variants stand in the order of the rows, which a test checks.
        &TABLE[self as usize]
    }
}

impl Row {
    fn of_role(&self, role: Role) -> Cell {
        self.cells[match role {
            Role::Moderator => 6,
            Role::Finance => 7,
            Role::Operator => 8,
        }]
    }

    fn of_relation(&self, relation: Relation) -> Cell {
        self.cells[match relation {
            Relation::Stranger | Relation::Themselves => 1,
            Relation::CoHostCalendar => 2,
            Relation::CoHostMessages => 3,
            Relation::CoHostFull => 4,
            Relation::Host => 5,
        }]
    }

    /// Whether only people with a role get here: for such doors the house may ask for a second factor.
    #[must_use]
    pub fn is_for_staff(&self) -> bool {
        self.cells[..6].iter().all(|cell| *cell == No)
    }
}

/// Whether the caller may do this to anything at all: what the edge asks before a handler runs.
#[must_use]
pub fn may_try(action: Action, caller: Option<&Principal>) -> bool {
    let row = action.row();
    match caller {
        None => row.cells[0] != No,
        Some(caller) => row.cells[1..6].iter().any(|cell| *cell != No) || caller.roles.iter().any(|role| row.of_role(role) != No),
    }
}

/// Whether the caller may do this to a thing they stand in `relation` to; where the answer is limited, to which part is the
/// use case's to know.
#[must_use]
pub fn allows(action: Action, caller: Option<&Principal>, relation: Relation) -> Cell {
    let row = action.row();
    let Some(caller) = caller else { return row.cells[0] };
    let own = match (row.of_relation(relation), relation) {
        (Own, Relation::Stranger) => No,
        (Own, _) => Yes,
        (cell, _) => cell,
    };
    let of_roles = caller.roles.iter().map(|role| match row.of_role(role) {
        // A role has nothing of its own; "own" in its column repeats that it is a guest too.
        Own => No,
        cell => cell,
    });
    of_roles.fold(own, larger)
}

fn larger(a: Cell, b: Cell) -> Cell {
    match (a, b) {
        (Yes, _) | (_, Yes) => Yes,
        (No, other) | (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::{Roles, Via};
    use crate::values::{Instant, UserId};
    use uuid::Uuid;

    fn caller(roles: &[Role]) -> Principal {
        Principal {
            user: UserId(Uuid::nil()),
            via: Via::Session(Uuid::nil()),
            roles: roles.iter().copied().collect::<Roles>(),
            proven_at: Instant(0),
            strong: false,
        }
    }

    #[test]
    fn every_action_finds_its_own_row() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.action as usize, at, "{}", row.words);
            assert_eq!(row.action.row().words, row.words);
        }
        assert_eq!(TABLE.last().unwrap().action, Action::ReadAudit, "an action without a row");
    }

    #[test]
    fn strangers_see_what_is_public_and_nothing_else() {
        let open: Vec<Action> = TABLE.iter().filter(|row| may_try(row.action, None)).map(|row| row.action).collect();
        assert_eq!(open, [Action::LookAround, Action::ComeIn, Action::Search]);
    }

    #[test]
    fn own_things_are_for_their_owners() {
        let guest = caller(&[]);
        assert_eq!(allows(Action::EditListing, Some(&guest), Relation::Stranger), No);
        assert_eq!(allows(Action::EditListing, Some(&guest), Relation::Host), Yes);
        assert_eq!(allows(Action::EditListing, Some(&guest), Relation::CoHostMessages), No);
        assert_eq!(allows(Action::EditListing, Some(&caller(&[Role::Moderator])), Relation::Stranger), Limited("hide"));
        assert_eq!(allows(Action::EditListing, Some(&caller(&[Role::Moderator, Role::Operator])), Relation::Stranger), Yes);
        assert_eq!(allows(Action::EditListing, Some(&caller(&[Role::Finance])), Relation::Stranger), No);
        assert_eq!(allows(Action::EditPayoutMethod, Some(&guest), Relation::CoHostFull), No);
        assert_eq!(allows(Action::ReadOwnAccount, Some(&caller(&[Role::Operator])), Relation::Stranger), No);
        assert_eq!(allows(Action::SeeEarnings, None, Relation::Stranger), No);
    }

    #[test]
    fn staff_rooms_are_closed_to_guests() {
        for action in [Action::Moderate, Action::HandleMoney, Action::Administer] {
            assert!(action.row().is_for_staff() && !may_try(action, Some(&caller(&[]))), "{action:?}");
        }
        assert!(may_try(Action::Moderate, Some(&caller(&[Role::Moderator]))) && !may_try(Action::HandleMoney, Some(&caller(&[Role::Moderator]))));
        assert!(may_try(Action::ReadAudit, Some(&caller(&[]))) && !Action::ReadAudit.row().is_for_staff());
    }
}
