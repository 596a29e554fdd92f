//! Where strangers see a home: near it, never at it (docs/RULES.md, V8).
#![expect(clippy::float_arithmetic, reason = "coordinates are measured, not counted")]

use crate::platform::instance::{Secret, tag};
use crate::values::Zone;
use std::sync::LazyLock;
use tzf_rs::EmbeddedFinder;

/// Metres between a home and its public point.
const NEAREST: f64 = 150.0;
const FARTHEST: f64 = 500.0;
/// Metres in a degree of latitude.
const DEGREE: f64 = 111_195.0;

/// The key of the offsets of one instance. It travels with the database, so a point stays where it is.
#[derive(Clone)]
pub struct PlaceKey([u8; 32]);

impl PlaceKey {
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(secret.derive("location"))
    }

    /// The public point of the home that `name` names for ever: 150 to 500 m away in a direction that only the secret
    /// knows, and always the same, so that no number of questions averages to the house.
    #[must_use]
    pub fn public_point(&self, name: &str, lat: f64, lng: f64) -> (f64, f64) {
        let bytes = tag(&self.0, &[name.as_bytes()]);
        let part = |from: usize| f64::from(u32::from_be_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]])) / 4_294_967_296.0;
        // Evenly over the ring's area, not over its radius.
        let metres = (NEAREST.powi(2) + part(0) * (FARTHEST.powi(2) - NEAREST.powi(2))).sqrt();
        let direction = part(4) * std::f64::consts::TAU;
        // At the poles a degree of longitude shrinks to nothing; there the offset goes towards the equator alone.
        let narrow = lat.to_radians().cos();
        let (north, east) = if narrow < 0.01 { (-lat.signum() * metres, 0.0) } else { (metres * direction.cos(), metres * direction.sin() / narrow) };
        let around = |lng: f64| {
            if lng > 180.0 {
                lng - 360.0
            } else if lng < -180.0 {
                lng + 360.0
            } else {
                lng
            }
        };
        ((lat + north / DEGREE).clamp(-90.0, 90.0), around(lng + east / DEGREE))
    }
}

/// Moves shorter than this are corrections.
const CORRECTION: f64 = 300.0;

/// Metres between two points that are near each other.
fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let east = (b.1 - a.1 + 540.0).rem_euclid(360.0) - 180.0;
    ((b.0 - a.0).powi(2) + (east * a.0.to_radians().cos()).powi(2)).sqrt() * DEGREE
}

/// The public point of a home that was at `was` and is now at `now`: the old one where the host only corrected the place and the old
/// one is still fit to be shown, else `fresh`. So a point on the map does not follow every shift of the pin.
#[must_use]
pub(super) fn after_move(was: (f64, f64), public: (f64, f64), now: (f64, f64), fresh: (f64, f64)) -> (f64, f64) {
    let fit = (NEAREST..=FARTHEST).contains(&metres(now, public));
    if metres(was, now) < CORRECTION && fit { public } else { fresh }
}

/// The IANA zone at a point, from shapes that are compiled in. The first call opens them, which takes a moment.
#[must_use]
pub(super) fn zone_at(lat: f64, lng: f64) -> Option<Zone> {
    static WORLD: LazyLock<EmbeddedFinder> = LazyLock::new(EmbeddedFinder::new);
    Zone::parse(WORLD.get_tz_name(lng, lat))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_corrections_keep_the_public_point_while_it_is_fit() {
        let north = |metres: f64| (50.0 + metres / DEGREE, 8.0);
        let (home, public, fresh) = (north(0.0), north(400.0), north(9_999.0));
        for (to, kept) in [(0.0, true), (100.0, true), (249.0, true), (251.0, false), (-99.0, true), (-101.0, false), (299.0, false), (5_000.0, false)] {
            assert_eq!(after_move(home, public, north(to), fresh) == public, kept, "{to} m");
        }
        // A blurred point of an import is no home's own.
        assert_eq!(after_move(home, home, home, fresh), fresh);
    }

    #[test]
    fn zones_are_found_by_place() {
        for (lat, lng, zone) in [(42.65, -73.76, "America/New_York"), (52.5, 13.4, "Europe/Berlin"), (-13.8, -171.8, "Pacific/Apia")] {
            assert_eq!(zone_at(lat, lng).unwrap().name(), zone);
        }
    }

    #[test]
    fn the_public_point_is_near_constant_and_secret() {
        let key = PlaceKey::new(&Secret::from_bytes([1; 32]));
        let other = PlaceKey::new(&Secret::from_bytes([2; 32]));
        for (lat, lng) in [(42.36, -71.06), (-33.9, 151.2), (64.1, 179.9999), (0.0, -180.0), (89.9999, 10.0)] {
            for n in 0..200 {
                let name = format!("home {n}");
                let (public_lat, public_lng) = key.public_point(&name, lat, lng);
                assert_eq!((public_lat, public_lng), key.public_point(&name, lat, lng));
                assert_ne!((public_lat, public_lng), other.public_point(&name, lat, lng));
                let east = (public_lng - lng + 540.0).rem_euclid(360.0) - 180.0;
                let metres = ((public_lat - lat).powi(2) + (east * f64::to_radians(lat).cos()).powi(2)).sqrt() * DEGREE;
                assert!((149.0..=501.0).contains(&metres), "{metres} m at {lat}, {lng}");
            }
        }
    }
}
