//! The code by which people name a booking on the telephone (S7).

/// Crockford's base 32: no I, L, O, U, which are taken for others.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

/// A fresh code of eight letters. Whether it is taken already is for the database to say: there are 10¹² of them.
#[must_use]
pub fn fresh() -> String {
    (0..LENGTH).map(|_| char::from(LETTERS[rand::random_range(0..LETTERS.len())])).collect()
}

/// A code as somebody typed it: small letters, spaces and dashes do not matter, and I and L are a one, O a zero.
#[must_use]
pub fn read(text: &str) -> Option<String> {
    let letters = text.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| match c.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    });
    let code: String = letters.collect();
    (code.len() == LENGTH && code.bytes().all(|letter| LETTERS.contains(&letter))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        for _ in 0..1_000 {
            let code = fresh();
            assert_eq!(read(&code), Some(code.clone()));
            assert_eq!(read(&format!(" {}-{} ", code[..4].to_lowercase(), &code[4..])), Some(code));
        }
        assert_eq!(read("oIl0 abcd").as_deref(), Some("0110ABCD"));
        for wrong in ["", "1234567", "123456789", "1234567U", "1234567é", "ABCD\u{0}EFG"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
