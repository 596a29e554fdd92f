//! The public error codes, explained once; served at `/problems` and `/problems/{code}`.
//!
//! A code never changes its meaning. A test reads the sources and fails when a code is used that is not listed here.

/// A public error code.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    pub code: &'static str,
    /// The status it usually comes with; 0 for codes that stand only beside a field.
    pub status: u16,
    pub title: &'static str,
    /// What it means and what to do about it, in a sentence or two.
    pub about: &'static str,
}

const fn code(code: &'static str, status: u16, title: &'static str, about: &'static str) -> Code {
    Code { code, status, title, about }
}

/// All codes, by status and name.
pub const CODES: &[Code] = &[
    code("bad_request", 400, "Bad request", "The request could not be understood as HTTP or as a request of this API."),
    code("invalid_body", 400, "Unreadable body", "The body is not what the operation reads; `errors` names every field that does not fit."),
    code("invalid_cursor", 400, "Unusable cursor", "The cursor is not one of ours, or belongs to other filters. Start again from the first page."),
    code(
        "invalid_encoding",
        400,
        "Broken percent-encoding",
        "The address holds a broken percent-encoding, a NUL, or bytes that are not UTF-8. Encode text as UTF-8.",
    ),
    code(
        "invalid_signature",
        400,
        "No good signature",
        "The message does not bear a signature of the payment provider over its very bytes, is older than five minutes, or is meant for another account.",
    ),
    code("invalid_parameter", 400, "Unreadable parameter", "A parameter is missing or cannot be read; the pointer names it."),
    code("repeated_parameter", 400, "Repeated parameter", "A parameter that takes one value was given twice. Only list parameters may be repeated."),
    code(
        "unknown_parameter",
        400,
        "Unknown parameter",
        "The operation has no such parameter. A misspelt filter would silently widen a search, so it is refused.",
    ),
    code("unauthenticated", 401, "Not logged in", "The operation needs a valid access token."),
    code("invalid_token", 401, "Token not valid", "The token is not one of ours, has run out, or was ended. Refresh it, or log in again."),
    code("token_reused", 401, "Token used twice", "A refresh token is good once. It was used again, so its session was ended; log in again."),
    code("wrong_credentials", 401, "Wrong address or password", "The address and the password do not belong together; which of them is wrong is not told."),
    code(
        "provider_refused",
        401,
        "Not proven by the provider",
        "What came back from the identity provider does not prove who you are, or belongs to another login. Begin anew.",
    ),
    code("account_suspended", 403, "Account suspended", "A moderator has suspended the account; the letter about it says why."),
    code(
        "csrf_failed",
        403,
        "Not from a page of this site",
        "A write with a cookie needs the session's token in X-CSRF-Token, and must come from a page of this site.",
    ),
    code("wrong_password", 403, "Wrong password", "The password is not right."),
    code("code_needed", 403, "Code needed", "A second factor is set up: send a code of the app, or a recovery code, too."),
    code("wrong_code", 403, "Wrong code", "The code is not right, or was used before. Each is good once; after five wrong ones nobody listens for a while."),
    code(
        "passkey_refused",
        403,
        "Passkey refused",
        "The passkey is not known here, was signed for something else, or looks like a copy; which of these is not told.",
    ),
    code("session_needed", 403, "Session needed", "A personal access token is not enough for this; log in."),
    code("registration_closed", 403, "No new accounts", "The operator takes no new accounts."),
    code("invitation_needed", 403, "Invitation needed", "Only those who were invited may register, at the address of the invitation."),
    code("email_unverified", 403, "Address not verified", "The identity provider does not vouch for your mail address: verify it there first."),
    code(
        "payment_failed",
        402,
        "Payment refused",
        "The means of payment was refused; `failure` says why. The nights are held until `due_at`: pay another way.",
    ),
    code("forbidden", 403, "Not allowed", "You are known, but this is not yours to do."),
    code(
        "own_case",
        403,
        "Your own case",
        "Nobody of staff decides about the money of a stay in which they are the guest or the host, or in whose home they have a part, or gives credit to themselves.",
    ),
    code("own_listing", 403, "Your own home", "Nobody books a home that they host or help with; its calendar can be blocked instead."),
    code(
        "stay_guide_closed",
        403,
        "Not the time to get in",
        "The exact address and how to get in are told to guests of a confirmed stay, from `visible_from` until check-out.",
    ),
    code(
        "scope_missing",
        403,
        "Token without that scope",
        "The personal access token was not made for this; make another one with the scope the operation names.",
    ),
    code("second_factor_needed", 403, "Second factor needed", "Staff need a second factor on this server: set one up under /me, and log in with it."),
    code("proof_needed", 403, "Fresh proof needed", "This is grave enough to ask who you are once more: call /auth/prove, then try again within five minutes."),
    code("staff_account", 403, "Account of staff", "Accounts of staff are for operators alone."),
    code("other_address", 403, "For another address", "The invitation was sent to another mail address: log in with the account that has it."),
    code("no_invoice_yet", 404, "No invoice yet", "The invoice of a stay is issued after check-out, or when a stay is called off of which something is kept."),
    code("no_receipt_yet", 404, "No receipt yet", "Nothing was paid for this stay yet."),
    code("not_found", 404, "Not found", "There is nothing at this address, or nothing that you may see."),
    code("method_not_allowed", 405, "Wrong method", "The address exists, but not with this method; the Allow header lists the right ones."),
    code("request_timeout", 408, "Too slow", "The request did not arrive in time."),
    code("conflict", 409, "Conflict", "The current state does not allow this."),
    code("link_needed", 409, "Link needed", "There is an account with this address. Log in to it, and link the provider there."),
    code(
        "nights_booked",
        409,
        "Guests have some of these nights",
        "Nights that guests have cannot be closed; `conflicts` names them. With `skip_conflicts` the rest is done.",
    ),
    code("dates_unavailable", 409, "Not to be booked", "The stay cannot be booked; `reasons` says why, `nearest_available` offers other dates."),
    code("link_taken", 409, "Linked elsewhere", "This account of the provider opens another account here."),
    code(
        "last_way_in",
        409,
        "Last way to log in",
        "Without it you could not log in any more. Set a password first (forgotten password), add a passkey, or link a provider.",
    ),
    code("email_taken", 409, "Address taken", "Another account has this mail address."),
    code("second_factor_on", 409, "Second factor in use", "An authenticator app is in use already; disable it before you set up another one."),
    code("second_factor_off", 409, "No second factor", "No authenticator app is in use, or none was set up to be confirmed."),
    code("passkey_known", 409, "Passkey known", "There is an account with this passkey already."),
    code("ticket_unknown", 410, "Ticket used or too old", "A ticket is good once, for five minutes. Begin anew."),
    code("too_many_taxes", 409, "Too many taxes", "A place has at most twenty taxes of its own; take one away first."),
    code("too_many_policies", 409, "Too many policies", "Hosts choose from at most fifty policies of the operator's own; retire one first."),
    code("policy_exists", 409, "Key in use", "There is, or was, a cancellation policy with this key; homes may still name it."),
    code("too_many_feeds", 409, "Too many feeds", "A listing may have twenty feeds; remove one that is not needed."),
    code("too_many_exports", 409, "Too many export addresses", "A listing may have twenty export addresses; revoke one that is not needed."),
    code("quote_expired", 409, "Quote too old", "The price was promised for a few minutes, which are over. Ask for another quote."),
    code("quote_used", 409, "Quote booked already", "This quote was booked; `booking_id` names the booking. Ask for another quote for another stay."),
    code(
        "hold_limit",
        409,
        "Too much held",
        "A guest may hold three stays without having paid, five with requests, and not the same nights again right after letting them go.",
    ),
    code(
        "invalid_transition",
        409,
        "Not in this state",
        "The booking stands otherwise, or this is not yours to do; `allowed_transitions` says what is possible now.",
    ),
    code("too_early", 409, "Too early", "It cannot be done yet; the answer says what it waits for."),
    code("outcome_changed", 409, "Something else would happen", "The outcome is not the one of the preview any more. Look at a new preview, and decide anew."),
    code("nothing_due", 409, "Nothing to pay", "Nothing of this booking is to be paid now."),
    code("not_enough_credit", 409, "Not enough credit", "The credit does not cover what is due now; `balance` says what there is. Pay another way."),
    code("no_account", 409, "No account to charge", "The guest of this booking has no account here, so nothing can be charged to them."),
    code("alteration_open", 409, "A change is open", "A change of this booking waits for an answer already; answer it, or take it back, first."),
    code("alteration_over", 409, "Change over", "The proposed change was answered already, or nobody answered in time."),
    code("claim_state", 409, "Not in this state", "The damage claim, or the stay it would be about, stands otherwise; `state` says how."),
    code("claim_open", 409, "A claim is open", "This stay has a damage claim that is not over; it is seen to first."),
    code("too_late", 409, "Too late", "The time for it is over; the answer says since when."),
    code("coupon_exists", 409, "Code in use", "There is a coupon with this code already; end it first, or take another code."),
    code("too_many_coupons", 409, "Too many coupons", "A host may have two hundred coupons at a time; end one that is not needed."),
    code(
        "payout_account_refused",
        409,
        "Account refused",
        "The payment provider does not open an account for payouts, or not its page; `failure` is its word.",
    ),
    code("payment_under_way", 409, "Payment under way", "The booking has a payment for this already that has not failed."),
    code("payment_state", 409, "Not in this state", "The payment stands otherwise, so this cannot be done to it now."),
    code("payout_state", 409, "Not in this state", "The payout is over, or in the hands of its provider; `state` says how it stands."),
    code("payouts_held", 409, "Stopped already", "The payouts of this host are stopped already."),
    code("payouts_not_held", 409, "Not stopped", "The payouts of this host are not stopped."),
    code("remittance_too_large", 409, "More than is owed", "No more of a tax can be handed on than is owed; `owed` says how much."),
    code("too_many_payout_methods", 409, "Too many payout methods", "Somebody may have ten accounts for payouts; remove one that is not needed."),
    code("refund_too_large", 409, "More than was paid", "No more can go back than was paid and has not gone back; `most` says how much."),
    code("too_many_tokens", 409, "Too many tokens", "Somebody may have fifty personal access tokens; end one that is not needed."),
    code("too_many_photos", 409, "Too many photos", "A listing has as many photos as it may; remove one first."),
    code("photo_busy", 503, "Photo being removed", "The same picture is being removed from storage right now; try again in a minute."),
    code("export_not_ready", 409, "Not made yet", "The file is being made; a letter tells when it is ready. Ask again after the time in Retry-After."),
    code("erasure_blocked", 409, "Something has to end first", "The account cannot be erased yet; `reasons` says what has to end before."),
    code("last_operator", 409, "Last operator", "The last operator can neither lose the role nor be suspended: name another one first."),
    code("own_account", 409, "Your own account", "This is done to the accounts of others only."),
    code("co_host_known", 409, "Helps already", "Whoever hosts a listing, or helps with it, needs no invitation to it."),
    code("too_many_co_hosts", 409, "Too many co-hosts", "A listing has at most twenty co-hosts, open invitations included."),
    code("listing_state", 409, "Not in this state", "The home is in a state in which this cannot be done; `state` says in which."),
    code("approval_needed", 409, "Staff look first", "On this site staff look at a home before guests see it: submit it instead."),
    code(
        "listing_withheld",
        409,
        "Taken out of sight",
        "Staff took the home out of sight; the letter about it says why. It cannot be published until they release it.",
    ),
    code("listing_blocked", 409, "Something has to end first", "The home cannot be archived yet; `reasons` says what has to end before."),
    code("has_stays", 409, "Guests are to come", "A home is archived after its last stay; `nights` has the nights that are taken."),
    code(
        "units_taken",
        409,
        "More units are taken",
        "On the nights in `nights` more units are taken than there would be left, or stays keep a unit that would go.",
    ),
    code("zone_fixed", 409, "Guests know the zone", "Guests who are to come were told times of the zone as it is; only an operator can change it now."),
    code("currency_fixed", 409, "The currency stays", "The currency of a home can be changed while it is a draft only."),
    code("too_many_languages", 409, "Too many languages", "A home can be described in twenty further languages."),
    code("too_many_fields", 409, "Too many fields", "There can be fifty fields of the operator's own."),
    code("field_exists", 409, "Field exists", "There is a field with this key already."),
    code("link_unknown", 410, "Link used or too old", "A link of a letter is good once and for a while. Ask for another one."),
    code(
        "already_done",
        409,
        "Done before, and its answer was a secret",
        "The request with this Idempotency-Key was carried out. Its answer held a secret, which is shown once and not stored; `outcome` has the status and the address of what was made.",
    ),
    code("still_running", 409, "Still running", "The first request with this Idempotency-Key is being worked on. Ask again after the time in Retry-After."),
    code("gone", 410, "Gone", "It was here once, and is not any more."),
    code("stale", 412, "Changed meanwhile", "It has changed since you read it. Read it again and decide anew."),
    code("body_too_large", 413, "Body too large", "The body is larger than this operation takes."),
    code("photo_too_large", 413, "Photo too large", "A photo may have as many bytes as the detail says; send a smaller one."),
    code("uri_too_long", 414, "Address too long", "The address with its parameters is longer than the server reads."),
    code("unsupported_media_type", 415, "Unreadable format", "The operation does not read this Content-Type."),
    code(
        "idempotency_key_reused",
        422,
        "Idempotency-Key used for something else",
        "The key was sent before with another body or query to the same address. A new request needs a new key.",
    ),
    code("nothing_changed", 422, "No change", "The stay is that already."),
    code("missing_field", 422, "Something is missing", "The operation needs a field that was left away; the detail says which."),
    code("invalid_dates", 422, "Unusable dates", "The dates do not make a stay: check-out must come after check-in, within the limits of the operation."),
    code("invalid_fields", 422, "Fields not as they must be", "Some fields cannot be kept; `errors` names every one with its reason."),
    code("listing_incomplete", 422, "Something is missing", "The home lacks something before guests can see it; `errors` lists all of it."),
    code("required", 0, "Needed", "The field must be there."),
    code("invalid_type", 0, "Of another type", "The field takes another type of JSON than what was sent: text, a number, a list."),
    code("invalid_value", 0, "Not to be read", "The text is not what the field takes, such as a date or an id."),
    code("unknown_field", 0, "No such field", "The body has a field that the operation does not know; nothing is ignored silently."),
    code("unknown_value", 0, "Not one of the values", "The value is none of those that the field takes."),
    code("photo_unreadable", 422, "Unreadable photo", "The file begins like a photo, but cannot be read to its end."),
    code("photo_dimensions", 422, "Unusable dimensions", "A photo may have up to 12,000 pixels a side and 50 million together, and at least 16 a side."),
    code("photo_missing", 422, "No photo", "The upload has no part with a file."),
    code("photo_order", 422, "Not all photos", "The new order has to name each photo of the listing once."),
    code("invalid_alt", 422, "Unusable alternative text", "The alternative text is too long, or has control characters."),
    code("currency_needed", 422, "Currency needed", "The matches span several currencies; say which one the prices are meant in."),
    code("insecure_address", 422, "Insecure address", "Browsers may keep a session only over https or on localhost, unless the operator insists."),
    code(
        "redirect_not_allowed",
        422,
        "Not a place to go back to",
        "Only paths of this site, and the addresses that the operator has listed, are gone back to.",
    ),
    code(
        "address_refused",
        422,
        "Address not called",
        "Only https addresses of servers on the public internet are called, on the usual ports, unless the operator allows more.",
    ),
    code("unknown_feed", 422, "Unknown feed", "The listing has no feed with this id."),
    code("invalid_email", 422, "Not a mail address", "No letter could reach this address."),
    code("invalid_reason", 422, "No reason", "What staff do, and what hosts grant, needs a reason: 1 to 500 characters without control characters."),
    code("invalid_name", 422, "Not a name", "A name has 1 to 80 characters, without control characters."),
    code("invalid_text", 422, "Unusable text", "The text is too long, or has control characters; the pointer names the field."),
    code("invalid_language", 422, "Not a language", "A language is a tag of BCP 47 such as `en` or `pt-BR`."),
    code("invalid_currency", 422, "Not a currency", "A currency is a code of ISO 4217 such as `EUR`."),
    code("price_too_large", 422, "Price too large", "The stay would cost more than can be written down."),
    code("invalid_pricing", 422, "Unusable prices", "Some of the prices, discounts, fees or taxes cannot be kept; `errors` names every one."),
    code("invalid_policy", 422, "Unusable policy", "Some of the terms of the cancellation policy cannot be kept; `errors` names every one."),
    code("unknown_policy", 422, "Unknown policy", "The home names a cancellation policy that this instance does not have, or not for stays of this length."),
    code("other_currency", 422, "Another currency", "A listing has one currency, and all its amounts are in it."),
    code("coupon_invalid", 422, "Coupon not valid", "The coupon does not hold for this stay; `reason` says why."),
    code("unknown_option", 422, "No such option", "The listing has no optional fee with this key, or it was named twice."),
    code("statement_too_long", 422, "Too many lines", "The month has more lines than a statement may; ask for it day by day, as in `2026-06-14`."),
    code("unknown_payout_kind", 422, "Not paid like this here", "Hosts are paid to bank accounts, or through the payment provider of this instance."),
    code("invalid_account", 422, "No account", "Nothing can be paid to what was given; the detail says what is wrong with it."),
    code("invalid_payment_method", 422, "Unusable means of payment", "It is no token of the payment provider, or none was left for later."),
    code("rate_not_offered", 422, "Rate not offered", "The host does not offer this rate; ask for the standard one."),
    code("unknown_scope", 422, "Unknown scope", "A token needs one or more scopes, of those that the operation names."),
    code("password_too_short", 422, "Password too short", "Several words are long and easy to remember."),
    code("password_too_long", 422, "Password too long", "A password may have 128 characters."),
    code("password_common", 422, "Common password", "The password is among the first that are tried: it is common, or a pattern."),
    code("password_about_you", 422, "Password about you", "The password is made of your name, your address or the name of the site."),
    code("out_of_range", 422, "Out of range", "A value was understood but is outside its limits; the pointer names it."),
    code("unprocessable", 422, "Refused", "The request was understood and refused; the detail says why."),
    code("login_delayed", 429, "Too many failed logins", "Wait for the time in Retry-After, or set a new password by mail, which gets through at once."),
    code("export_recent", 429, "Asked a short while ago", "A copy of one's data can be asked for once in 24 hours; Retry-After says when again."),
    code("asked_too_soon", 429, "Asked a moment ago", "A feed can be asked for once a minute; Retry-After says when again."),
    code("too_many_requests", 429, "Too many requests", "Slow down; Retry-After says for how long."),
    code("header_too_large", 431, "Head too large", "The request line or the headers are larger than the server reads."),
    code("internal", 500, "Server error", "Something broke on our side. The request id helps the operator to find out what."),
    code("not_implemented", 501, "Not implemented", "The server does not know this."),
    code(
        "provider_unavailable",
        503,
        "Provider not available",
        "The identity provider does not answer, or not as it should. Try again shortly, or log in with your password.",
    ),
    code(
        "payment_provider_unavailable",
        503,
        "Payment provider not available",
        "The payment provider does not answer, or not as it should. Try again shortly.",
    ),
    code("not_ready", 503, "Not ready", "The server is starting or lacks something it needs. Try again shortly."),
    code("overloaded", 503, "Overloaded", "Too much is going on. Try again after the time in Retry-After."),
    code("timed_out", 503, "Took too long", "The request took longer than the server allows. Narrow it down or try again."),
    code("storage_full", 507, "Storage full", "The server has no room left to store anything; the operator has to act."),
];

/// The explanation of a code.
#[must_use]
pub fn find(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.code == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Calls whose text argument is a code, with the number of arguments before it.
    const CALLS: [(&str, usize); 5] = [("refused(", 1), ("Refused::new(", 1), ("FieldError::new(", 1), ("of_parameter(", 1), ("plain(", 1)];

    #[test]
    fn every_code_in_the_sources_is_explained_here() {
        let mut used = Vec::new();
        read_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut used);
        assert!(used.len() > 10, "the reader of the sources finds next to nothing: {used:?}");
        for (file, code) in used {
            assert!(find(&code).is_some(), "{file} uses the code `{code}`, which is not listed in http/codes.rs");
        }
    }

    #[test]
    fn codes_are_unique() {
        let names: std::collections::BTreeSet<_> = CODES.iter().map(|c| c.code).collect();
        assert_eq!(names.len(), CODES.len());
    }

    fn read_folder(folder: &Path, used: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read_folder(&path, used);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // Tests may make up codes.
                let text = text.split("#[cfg(test)]").next().unwrap_or_default();
                CALLS.iter().for_each(|(call, before)| codes_of(text, call, *before, &path.display().to_string(), used));
            }
        }
    }

    fn codes_of(text: &str, call: &str, before: usize, file: &str, used: &mut Vec<(String, String)>) {
        for (at, _) in text.match_indices(call) {
            let arguments = &text[at + call.len()..];
            let Some(argument) = nth_argument(arguments, before) else { continue };
            if let Some(code) = argument.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                used.push((file.to_owned(), code.to_owned()));
            }
        }
    }

    /// The `n`th argument of a call whose opening bracket was just read, minding brackets and texts.
    fn nth_argument(text: &str, n: usize) -> Option<&str> {
        let (mut depth, mut quoted, mut escaped, mut count, mut start) = (0, false, false, 0, 0);
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => return (count == n).then(|| &text[start..at]),
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    if count == n {
                        return Some(&text[start..at]);
                    }
                    count += 1;
                    start = at + 1;
                }
                _ => {}
            }
        }
        None
    }
}
