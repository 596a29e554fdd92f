//! Counting how often each of 256 bits is set, without looking at bits one by one. Two rows of listings are counted side by side.
//!
//! Counters are bit-sliced: plane `k` holds bit `k` of all 256 of them, so that adding a row is an addition of 256
//! numbers at once. Sixteen rows are first added to one another (Harley and Seal's tree of full adders): about one
//! addition a row instead of one for every plane that a carry reaches.

/// Planes count to 65,535 before they must be emptied.
const PLANES: usize = 16;
const FULL: u32 = (1 << PLANES) - 1;

type Bits = [u64; 4];

/// 256 counters.
pub(super) struct BitCounts {
    pub counts: [usize; 256],
    /// The counts since the last flush.
    planes: [Bits; PLANES],
    rows: u32,
}

/// Adds three bits in each place of so many words: the sums, and the carries.
#[inline(always)]
pub(super) fn add3<const WORDS: usize>(a: [u64; WORDS], b: [u64; WORDS], c: [u64; WORDS]) -> ([u64; WORDS], [u64; WORDS]) {
    let (mut sum, mut carry) = ([0; WORDS], [0; WORDS]);
    for i in 0..WORDS {
        let half = a[i] ^ b[i];
        sum[i] = half ^ c[i];
        carry[i] = (a[i] & b[i]) | (half & c[i]);
    }
    (sum, carry)
}

impl BitCounts {
    pub(super) fn new() -> Self {
        Self { counts: [0; 256], planes: [[0; 4]; PLANES], rows: 0 }
    }

    /// Counts one row.
    #[inline(always)]
    pub(super) fn add(&mut self, row: Bits) {
        self.make_room(1);
        self.carry_into(0, row);
    }

    /// Counts 16 rows.
    #[inline(always)]
    pub(super) fn add_16(&mut self, row: impl Fn(usize) -> Bits) {
        self.make_room(16);
        let [mut ones, mut twos, mut fours, mut eights] = [self.planes[0], self.planes[1], self.planes[2], self.planes[3]];
        let mut to_eights = [[0; 4]; 2];
        for (half, to_eights) in to_eights.iter_mut().enumerate() {
            let mut to_fours = [[0; 4]; 2];
            for (quarter, to_fours) in to_fours.iter_mut().enumerate() {
                let at = half * 8 + quarter * 4;
                let (sum, a) = add3(ones, row(at), row(at + 1));
                let (sum, b) = add3(sum, row(at + 2), row(at + 3));
                ones = sum;
                (twos, *to_fours) = add3(twos, a, b);
            }
            (fours, *to_eights) = add3(fours, to_fours[0], to_fours[1]);
        }
        let sixteens;
        (eights, sixteens) = add3(eights, to_eights[0], to_eights[1]);
        [self.planes[0], self.planes[1], self.planes[2], self.planes[3]] = [ones, twos, fours, eights];
        self.carry_into(4, sixteens);
    }

    /// Adds to the counters what has the weight of plane `first`. There is no early way out: whether a carry is left
    /// depends on rows that are still on their way from memory, and a wrong guess would stop the fetching of the next.
    #[inline(always)]
    fn carry_into(&mut self, first: usize, mut carry: Bits) {
        for plane in &mut self.planes[first..] {
            for (bits, carry) in plane.iter_mut().zip(&mut carry) {
                let next = *bits & *carry;
                *bits ^= *carry;
                *carry = next;
            }
        }
    }

    #[inline(always)]
    fn make_room(&mut self, rows: u32) {
        if self.rows + rows > FULL {
            self.flush();
        }
        self.rows += rows;
    }

    /// Brings what the planes hold into `counts`.
    #[inline(never)]
    pub(super) fn flush(&mut self) {
        for (k, plane) in self.planes.iter_mut().enumerate() {
            for (word, bits) in plane.iter_mut().enumerate() {
                let mut left = std::mem::take(bits);
                while left != 0 {
                    self.counts[word * 64 + left.trailing_zeros() as usize] += 1 << k;
                    left &= left - 1;
                }
            }
        }
        self.rows = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: u64) -> Bits {
        [n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15), u64::MAX, n % 2]
    }

    #[test]
    fn bits_are_counted_like_by_hand() {
        for rows in [0_u64, 1, 15, 16, 254, 1_000, 65_535, 65_536, 140_001] {
            let (mut counts, mut by_hand) = (BitCounts::new(), [0; 256]);
            let whole = rows / 16 * 16;
            for from in (0..whole).step_by(16) {
                counts.add_16(|i| row(from + i as u64));
            }
            (whole..rows).for_each(|n| counts.add(row(n)));
            for n in 0..rows {
                (0..256).filter(|bit| row(n)[bit / 64] >> (bit % 64) & 1 == 1).for_each(|bit| by_hand[bit] += 1);
            }
            counts.flush();
            assert_eq!(counts.counts, by_hand, "{rows}");
        }
    }
}
