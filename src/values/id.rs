//! Ids: a UUIDv7 in a type of its own, so that a listing's id is never taken for a user's.

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id; ids made later sort later (UUIDv7).
            #[allow(clippy::new_without_default, reason = "a default id would be a new one each time")]
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(/// A listing: a home that can be searched.
    ListingId);
id!(/// A person: guest, host or both.
    UserId);
id!(/// A review of a listing.
    ReviewId);
id!(/// A booking, whatever its state.
    BookingId);
id!(/// One try to be paid by a guest.
    PaymentId);
id!(/// Money on its way back to a guest.
    RefundId);
id!(/// One run of an import.
    ImportId);
id!(/// An entry of the event log before it is numbered.
    EventId);
