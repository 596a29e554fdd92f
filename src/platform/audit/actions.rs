//! Every action the audit trail knows, each with the sentence that explains it.
//!
//! Names are stored: they never change their meaning, and none is taken out while entries with it may exist. A test reads the
//! sources and fails when an action is used that is not listed here.

/// An action by its stored name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// `noun.verb`.
    pub name: &'static str,
    pub meaning: &'static str,
}

macro_rules! actions {
    ($($name:literal: $meaning:literal),+ $(,)?) => { &[$(Action { name: $name, meaning: $meaning }),+] };
}

/// All actions, by subject.
pub const ACTIONS: &[Action] = actions! {
    "account.registered": "Somebody asked for an account.",
    "account.verified": "The owner of the mailbox confirmed the account and set its password.",
    "session.started": "A login succeeded.",
    "session.proven": "The owner of a session proved once more who they are.",
    "session.refused": "A login failed.",
    "session.ended": "A session was ended by its owner or by staff.",
    "session.reuse_detected": "A token that had been replaced already was used again; its whole session was ended.",
    "password.changed": "The password was changed by its owner.",
    "password.reset_asked": "A link to set a new password was asked for.",
    "password.reset": "A new password was set through a link.",
    "email.change_asked": "A new e-mail address was given and waits to be confirmed.",
    "email.changed": "The e-mail address was changed.",
    "mfa.enabled": "A second factor was set up.",
    "mfa.disabled": "A second factor was taken away.",
    "mfa.recovery_used": "A recovery code was used instead of the second factor.",
    "mfa.recovery_renewed": "New recovery codes were made; the old ones are void.",
    "passkey.added": "A passkey was added.",
    "passkey.removed": "A passkey was removed.",
    "oidc.linked": "An account of another provider was linked for login.",
    "oidc.unlinked": "An account of another provider was unlinked.",
    "token.made": "An API token was made.",
    "token.revoked": "An API token was revoked.",
    "role.granted": "A role was granted.",
    "role.revoked": "A role was taken away.",
    "user.suspended": "A person was suspended.",
    "user.restored": "A suspended person was let back in.",
    "user.erasure_asked": "Erasure of a person's data was asked for.",
    "user.erasure_called_off": "Erasure was called off in time.",
    "user.erased": "A person's data were erased.",
    "export.asked": "A person asked for a copy of their data.",
    "export.fetched": "The copy of a person's data was fetched.",
    "profile.changed": "A profile was changed.",
    "feed.added": "A calendar of another site was connected.",
    "feed.changed": "A connected calendar was changed.",
    "feed.removed": "A connected calendar was removed.",
    "calendar_export.made": "An address was made at which another site fetches a calendar.",
    "calendar_export.rotated": "Such an address was replaced by another one.",
    "calendar_export.revoked": "Such an address was revoked.",
    "conflict.resolved": "A host has seen to nights that were taken twice.",
    "operator.setup": "The first operator of this instance was set up.",
    "keys.rotated": "Signing keys were replaced.",
    "settings.changed": "A setting of the instance was changed.",
    "job.retried": "Staff gave a job that had been given up another chance.",
    "photo.added": "Photos were added to a listing.",
    "photo.changed": "The description of a photo was changed.",
    "photo.removed": "A photo was taken off a listing.",
    "photo.ordered": "The photos of a listing were put into another order.",
    "invite.made": "An invitation was made.",
    "co_host.invited": "Somebody was invited to help with a listing.",
    "co_host.revoked": "An invitation to help with a listing was taken back.",
    "co_host.joined": "Somebody accepted to help with a listing.",
    "co_host.changed": "What a co-host may do was changed.",
    "co_host.removed": "A co-host was removed from a listing, or left it.",
    "listing.created": "A home was made.",
    "listing.changed": "A home's description was changed.",
    "listing.submitted": "A home was submitted for approval.",
    "listing.published": "A home was published.",
    "listing.silenced": "A home was taken out of sight because its host did not answer guests.",
    "listing.paused": "A home was taken out of sight by its host.",
    "listing.archived": "A home was archived.",
    "listing.approved": "Staff approved a home.",
    "listing.rejected": "Staff sent a home back to its host.",
    "listing.withheld": "Staff took a home out of sight.",
    "listing.released": "Staff let a home be published again.",
    "field.added": "A field was added to all homes.",
    "field.changed": "A field of all homes was changed.",
    "field.removed": "A field of all homes was taken away.",
    "pricing.changed": "The base price of a listing, or its discounts, fees, taxes or instalments, were changed.",
    "cancellation_policy.made": "A cancellation policy of the operator's own was made.",
    "cancellation_policy.retired": "A cancellation policy of the operator's own was retired.",
    "coupon.made": "A coupon was made.",
    "coupon.ended": "A coupon was ended.",
    "tax.made": "A tax of a place was set up.",
    "tax.changed": "A tax of a place was changed.",
    "tax.removed": "A tax of a place was taken away.",
    "booking.entered": "A host, a co-host or staff wrote down a stay that was arranged elsewhere.",
    "booking.acted_on": "Staff did for a host or a guest what these do with a booking: accept, decline, check in or out, change, cancel.",
    "booking.paid_by_hand": "A host wrote down that a guest paid into their hand.",
    "booking.refund_granted": "A host, or staff for them, gave a part of what was paid for a stay back to the guest.",
    "booking.never_paid": "An instalment of a stay that is over was asked for in vain; the guest owes it.",
    "booking.goodwill_given": "Staff gave a guest money back at the platform's cost.",
    "credit.given": "Staff gave a guest credit for later stays at the platform's cost.",
    "claim.filed": "A host claimed damage from a guest.",
    "claim.answered": "A guest answered a damage claim.",
    "claim.accepted": "A host took what a guest offered for a damage.",
    "claim.escalated": "A host handed a damage claim to staff.",
    "claim.withdrawn": "A host took a damage claim back.",
    "claim.decided": "Staff decided a damage claim, or closed one that nobody paid.",
    "claim.lapsed": "The time to answer a damage claim, to go on with it, or to pay it was over.",
    "claim.paid": "A damage claim was paid.",
    "claim.payment_returned": "A payment for a damage claim of which nothing was to be paid any more went back.",
    "payment.held": "What a provider says of a payment does not fit what was asked for; it is held until staff have looked.",
    "payout_method.added": "A host left an account for payouts.",
    "payout_method.removed": "A host removed an account for payouts.",
    "payout.paid": "Staff said that a payout by hand was made.",
    "payout.failed": "Staff said that a payout came back or could not be made.",
    "payouts.exported": "Staff took out a list of payouts to send by hand, with the accounts; it names them.",
    "payouts.held": "Staff stopped the payouts of a host.",
    "payouts.released": "Staff let a host be paid again.",
    "tax.remitted": "Staff wrote down that a tax was handed on.",
    "payment.confirmed": "Staff confirmed that a payment arrived, that a refund was paid out, or that a payment that was held is in order.",
};

/// The action of a name, if it is listed.
#[must_use]
pub fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn names_are_unique_and_well_formed() {
        for (at, action) in ACTIONS.iter().enumerate() {
            let well = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(action.name.split_once('.').is_some_and(|(noun, verb)| well(noun) && well(verb)), "{}", action.name);
            assert!(action.meaning.ends_with('.') && ACTIONS[..at].iter().all(|other| other.name != action.name), "{}", action.name);
        }
    }

    #[test]
    fn every_action_that_is_used_is_listed() {
        let mut used = Vec::new();
        read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used);
        for (file, action) in used {
            assert!(find(&action).is_some(), "{file} uses the action `{action}`, which is not listed in audit/actions.rs");
        }
    }

    #[test]
    fn uses_are_found() {
        let text = "Entry { action: \"a.one\", reason: Some(\"no.action\") }\nEntry { action: if x {\n \"b.two\" } else { name(\"c.three\", 1) },\n diff }\nlet action = match y { 1 => \"d.four\", _ => \"e.five\" };\nnote(tx, now, \"f.six\", Some(x), json!({\"email\": [1, f(2)]}))?; other(\"g.seven\");";
        assert_eq!(actions_of(text), ["a.one", "b.two", "c.three", "d.four", "e.five", "f.six"]);
    }

    fn read_folder(folder: &Path, used: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read_folder(&path, used);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // Tests may make up actions.
                let text = text.split("#[cfg(test)]").next().unwrap_or_default();
                used.extend(actions_of(text).into_iter().map(|action| (path.display().to_string(), action)));
            }
        }
    }

    /// Every text that looks like `noun.verb` in what a field `action:` or a variable `action` is set to, or in a call of a
    /// helper named `note`.
    fn actions_of(text: &str) -> Vec<String> {
        let places = |start: &'static str, list: bool| text.match_indices(start).map(move |(at, found)| (at + found.len(), list));
        let mut places: Vec<(usize, bool)> = places("action: ", false).chain(places("action = ", false)).chain(places("note(", true)).collect();
        places.sort_unstable();
        let looks_right =
            |literal: &&str| literal.split_once('.').is_some_and(|(a, b)| [a, b].iter().all(|p| p.bytes().all(|c| c.is_ascii_lowercase() || c == b'_')));
        let literals = |(at, list)| expression(&text[at..], list).split('"').skip(1).step_by(2).filter(looks_right).map(str::to_owned).collect::<Vec<_>>();
        places.into_iter().flat_map(literals).collect()
    }

    /// Up to the comma, bracket or semicolon that ends an expression; of a list of arguments, up to its bracket.
    fn expression(text: &str, list: bool) -> &str {
        let (mut depth, mut quoted) = (0, false);
        for (at, c) in text.char_indices() {
            match c {
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => return &text[..at],
                ')' | ']' | '}' => depth -= 1,
                ',' | ';' if depth == 0 && !list => return &text[..at],
                _ => {}
            }
        }
        text
    }
}
