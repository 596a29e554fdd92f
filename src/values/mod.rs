//! The nouns everybody shares: ids, money, nights, stays, instants, zones. Pure values without IO.
//! Read `night.rs` first: a night is a calendar date, never an instant (docs/RULES.md, "Stays").

pub mod clock;
pub mod email;
pub mod id;
pub mod money;
pub mod night;
pub mod zone;

pub use clock::{Clock, Instant, SystemClock};
pub use email::Email;
pub use id::{BookingId, EventId, ImportId, ListingId, ReviewId, UserId};
pub use money::{Currency, Money};
pub use night::{Night, NightRange, Stay, StayRefusal};
pub use zone::{LocalMoment, Zone};
