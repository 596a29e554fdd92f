//! Counting how often each of 256 bits is set over many rows, without looking at bits one by one.

/// Rows that fit before the planes must be emptied: eight planes count to 255.
const FULL: u8 = 255;

/// 256 counters.
pub(super) struct BitCounts {
    pub counts: [usize; 256],
    /// The counts since the last flush, bit-sliced: plane `k` holds bit `k` of all 256 counters.
    planes: [[u64; 4]; 8],
    rows: u8,
}

impl BitCounts {
    pub(super) fn new() -> Self {
        Self { counts: [0; 256], planes: [[0; 4]; 8], rows: 0 }
    }

    /// Counts one row: an addition with carry of 256 numbers at once.
    #[inline]
    pub(super) fn add(&mut self, row: [u64; 4]) {
        let mut carry = row;
        for plane in &mut self.planes {
            let mut more = 0;
            for (bits, carry) in plane.iter_mut().zip(&mut carry) {
                let next = *bits & *carry;
                *bits ^= *carry;
                *carry = next;
                more |= next;
            }
            if more == 0 {
                break;
            }
        }
        self.rows += 1;
        if self.rows == FULL {
            self.flush();
        }
    }

    /// Brings what the planes hold into `counts`.
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

    #[test]
    fn bits_are_counted_like_by_hand() {
        for rows in [0_u64, 1, 254, 255, 256, 1_000] {
            let (mut counts, mut by_hand) = (BitCounts::new(), [0; 256]);
            for n in 0..rows {
                let row = [n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15), u64::MAX, n % 2];
                counts.add(row);
                (0..256).filter(|bit| row[bit / 64] >> (bit % 64) & 1 == 1).for_each(|bit| by_hand[bit] += 1);
            }
            counts.flush();
            assert_eq!(counts.counts, by_hand);
        }
    }
}
