//! Where strangers see a home: near it, never at it (docs/RULES.md, V8).
#![expect(clippy::float_arithmetic, reason = "coordinates are measured, not counted")]

use crate::platform::instance::{Secret, tag};

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

#[cfg(test)]
mod tests {
    use super::*;

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
