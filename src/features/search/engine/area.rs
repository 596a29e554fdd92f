//! Where on the map: boxes and circles, and the order of ordinals that makes them cheap.
//!
//! Ordinals follow a Z-order curve over longitude and latitude, so a box is a few stretches of ordinals. The
//! stretches that lie wholly inside need no look at coordinates; those on the edge are checked one by one.
#![expect(clippy::float_arithmetic, reason = "coordinates are measured, not counted; money is elsewhere")]

use super::curve::{Curve, Square, scale};
use super::selection::Selection;
use std::ops::Range;

/// A point on the earth in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub lat: f64,
    pub lng: f64,
}

/// A box whose edges belong to it; `west > east` crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GeoBox {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Area {
    Box(GeoBox),
    /// All points at most `km` away, by the great circle of a sphere of 6,371.0088 km.
    Circle {
        centre: Point,
        km: f64,
    },
}

/// Mean radius of the earth in km (IUGG).
const EARTH_KM: f64 = 6_371.008_8;

/// Distance in km along the great circle.
pub(crate) fn distance_km(a: Point, b: Point) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let (half_lat, half_lng) = ((lat_b - lat_a) / 2.0, (b.lng - a.lng).to_radians() / 2.0);
    let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lng.sin().powi(2);
    2.0 * EARTH_KM * h.sqrt().min(1.0).asin()
}

impl GeoBox {
    pub(crate) fn contains(&self, p: Point) -> bool {
        let across = if self.west <= self.east { self.west <= p.lng && p.lng <= self.east } else { p.lng >= self.west || p.lng <= self.east };
        across && self.south <= p.lat && p.lat <= self.north
    }

    /// One box, or two where it crosses the antimeridian.
    fn pieces(self) -> impl Iterator<Item = GeoBox> {
        let (first, second) = if self.west <= self.east { (self, None) } else { (GeoBox { west: -180.0, ..self }, Some(GeoBox { east: 180.0, ..self })) };
        std::iter::once(first).chain(second)
    }
}

impl Area {
    pub(crate) fn contains(&self, p: Point) -> bool {
        match self {
            Self::Box(inside) => inside.contains(p),
            Self::Circle { centre, km } => distance_km(*centre, p) <= *km,
        }
    }

    /// A box that holds the whole area.
    fn hull(&self) -> GeoBox {
        let (centre, km) = match *self {
            Self::Box(inside) => return inside,
            Self::Circle { centre, km } => (centre, km),
        };
        // A hair more than the radius, so that rounding never cuts off the rim.
        let angle = (km / EARTH_KM).to_degrees() * 1.000_001 + 1e-9;
        let (south, north) = ((centre.lat - angle).max(-90.0), (centre.lat + angle).min(90.0));
        let everywhere = GeoBox { west: -180.0, east: 180.0, south, north };
        if south <= -90.0 || north >= 90.0 {
            return everywhere;
        }
        // The widest meridian of a circle lies poleward of its centre: sin(width) = sin(radius) / cos(latitude).
        let ratio = angle.to_radians().sin() / centre.lat.to_radians().cos();
        if ratio >= 1.0 {
            return everywhere;
        }
        let wide = ratio.asin().to_degrees() * 1.000_001 + 1e-9;
        let around = |lng: f64| {
            if lng < -180.0 {
                lng + 360.0
            } else if lng > 180.0 {
                lng - 360.0
            } else {
                lng
            }
        };
        GeoBox { west: around(centre.lng - wide), east: around(centre.lng + wide), south, north }
    }
}

/// The ordinals of a corpus that lie in `area`.
///
/// `curve[i]` is the place of ordinal `i` on it, for the first `curve.len()` ordinals; those after it, up to `total`, came
/// later and are looked at one by one.
pub(crate) fn select(area: &Area, curve: &Curve, total: u32, at: impl Fn(u32) -> Point) -> Selection {
    let mut selection = Selection::default();
    let mut stretches = Vec::new();
    for piece in area.hull().pieces() {
        let window = Window { x0: scale(piece.west, 180.0), x1: scale(piece.east, 180.0), y0: scale(piece.south, 90.0), y1: scale(piece.north, 90.0) };
        window.enter(curve, &mut stretches);
    }
    // The two halves of a box across the antimeridian interleave on the curve.
    stretches.sort_unstable_by_key(|stretch| stretch.from);
    let sure_inside = matches!(area, Area::Box(_));
    let mut done = 0;
    for Stretch { from, to, inside } in stretches {
        // A small square that touches both halves was found twice.
        let from = from.max(done);
        done = done.max(to);
        if inside && sure_inside {
            selection.push_range(from, to);
        } else {
            (from..to).filter(|n| area.contains(at(*n))).for_each(|n| selection.push(n));
        }
    }
    let sorted = u32::try_from(curve.len()).unwrap_or(u32::MAX);
    (sorted..total).filter(|n| area.contains(at(*n))).for_each(|n| selection.push(n));
    selection
}

/// Ordinals `from..to`; `inside` when none of them needs a look.
struct Stretch {
    from: u32,
    to: u32,
    inside: bool,
}

/// A box in the integers of the curve, edges included.
struct Window {
    x0: u32,
    x1: u32,
    y0: u32,
    y1: u32,
}

impl Window {
    /// Fewer listings than this are looked at rather than parted further; hardly any in tests, which have few listings and many squares.
    const SMALL: usize = if cfg!(test) { 3 } else { 96 };

    /// Collects the stretches of ordinals that may lie here.
    fn enter(&self, curve: &Curve, found: &mut Vec<Stretch>) {
        let square = Square::around((self.x0, self.y0), (self.x1, self.y1));
        let first = curve.rank(square.first_code(), 0..curve.len());
        let end = square.last_code().checked_add(1).map_or(curve.len(), |next| curve.rank(next, first..curve.len()));
        self.walk(square, curve, first..end, found);
    }

    /// Whether the square and the window share a place.
    fn touches(&self, square: Square) -> bool {
        let (x_last, y_last) = square.end();
        square.x <= self.x1 && x_last >= self.x0 && square.y <= self.y1 && y_last >= self.y0
    }

    /// Collects the stretches of the ordinals `all`, which are those that lie in `square`.
    fn walk(&self, square: Square, curve: &Curve, all: Range<usize>, found: &mut Vec<Stretch>) {
        if all.is_empty() {
            return;
        }
        let (x_last, y_last) = square.end();
        // Strictly inside: a coordinate on the edge may share its integer with one beyond it.
        let inside = self.x0 < square.x && x_last < self.x1 && self.y0 < square.y && y_last < self.y1;
        if inside || all.len() <= Self::SMALL || square.free == 0 {
            let ordinal = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            match found.last_mut() {
                Some(last) if last.inside == inside && last.to == ordinal(all.start) => last.to = ordinal(all.end),
                _ => found.push(Stretch { from: ordinal(all.start), to: ordinal(all.end), inside }),
            }
            return;
        }
        // Each quarter begins where the one before it ends; where that was not asked, it is looked for.
        let (mut begin, quarters) = (Some(all.start), square.quarters());
        let mut floor = all.start;
        for (n, quarter) in quarters.into_iter().enumerate() {
            if !self.touches(quarter) {
                begin = None;
                continue;
            }
            let first = begin.unwrap_or_else(|| curve.rank(quarter.first_code(), floor..all.end));
            let end = quarters.get(n + 1).map_or(all.end, |next| curve.rank(next.first_code(), first..all.end));
            self.walk(quarter, curve, first..end, found);
            (begin, floor) = (Some(end), end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::curve::code;
    use super::*;
    use proptest::prelude::*;

    fn points() -> impl Strategy<Value = Vec<Point>> {
        // Half of them on a coarse lattice, so that edges are met exactly and places are shared.
        let free = (-90.0..=90.0_f64, -180.0..=180.0_f64).prop_map(|(lat, lng)| Point { lat, lng });
        let lattice = (-9_i32..=9, -18_i32..=18).prop_map(|(lat, lng)| Point { lat: f64::from(lat) * 10.0, lng: f64::from(lng) * 10.0 });
        proptest::collection::vec(prop_oneof![free, lattice], 0..300)
    }

    fn areas() -> impl Strategy<Value = Area> {
        let edge = prop_oneof![(-18_i32..=18).prop_map(|n| f64::from(n) * 10.0), -180.0..=180.0_f64];
        let height = prop_oneof![(-9_i32..=9).prop_map(|n| f64::from(n) * 10.0), -90.0..=90.0_f64];
        let boxes = (edge.clone(), edge.clone(), height.clone(), height.clone())
            .prop_map(|(west, east, a, b): (f64, f64, f64, f64)| Area::Box(GeoBox { west, east, south: a.min(b), north: a.max(b) }));
        let circles = (edge, height, 0.1..20_000.0_f64).prop_map(|(lng, lat, km)| Area::Circle { centre: Point { lat, lng }, km });
        prop_oneof![boxes, circles]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn an_area_selects_exactly_what_it_contains(mut points in points(), late in points(), area in areas()) {
            points.sort_by_key(|p| code(*p));
            let curve = Curve::new(points.iter().map(|p| code(*p)).collect());
            points.extend(late);
            let total = u32::try_from(points.len()).unwrap();
            let selected: Vec<u32> = select(&area, &curve, total, |n| points[n as usize]).iter().collect();
            let expected: Vec<u32> = (0..total).filter(|n| area.contains(points[*n as usize])).collect();
            prop_assert_eq!(selected, expected);
        }
    }

    #[test]
    fn distances_are_right() {
        let boston = Point { lat: 42.3601, lng: -71.0589 };
        let albany = Point { lat: 42.6526, lng: -73.7562 };
        assert!((distance_km(boston, albany) - 224.0).abs() < 2.0);
        assert!((distance_km(Point { lat: 0.0, lng: 179.5 }, Point { lat: 0.0, lng: -179.5 }) - 111.19).abs() < 0.1);
        assert!(distance_km(boston, boston) < 1e-9);
    }
}
