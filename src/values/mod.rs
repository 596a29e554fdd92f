//! The nouns everybody shares: ids, money, nights, stays, instants, zones, origins, languages, deposits. Pure values without IO.
//! Read `night.rs` first: a night is a calendar date, never an instant (docs/RULES.md, "Stays").

pub mod address;
pub mod clock;
pub mod deposit;
pub mod email;
pub mod id;
pub mod language;
pub mod money;
pub mod night;
pub mod origin;
pub mod written;
pub mod zone;

pub use address::AddressPrefix;
pub use clock::{Clock, Instant, SystemClock, VirtualClock};
pub use deposit::{Deposit, DepositKind};
pub use email::Email;
pub use id::{BookingId, EventId, ImportId, ListingId, PaymentId, RefundId, ReviewId, UserId};
pub use money::{Currency, Money};
pub use night::{Night, NightRange, Stay, StayRefusal};
pub use origin::Origin;
pub use zone::{LocalMoment, Zone};
