//! Several rows by their ids in one statement.

use super::value::Value;
use uuid::Uuid;

/// So many are asked for at once.
pub const SEVERAL: usize = 64;

/// The places of a list such as `id IN ({places})`, from `$1` on, and what stands there. At most [`SEVERAL`] ids: cut longer lists into chunks.
///
/// Filled up with one of them to a power of two, so that there are few statements to prepare, not one a length.
#[must_use]
pub fn several(ids: &[Uuid]) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = ids.iter().copied().map(Value::from).collect();
    let filler = values.first().cloned().unwrap_or(Value::Null);
    values.resize(values.len().next_power_of_two(), filler);
    (places(values.len()), values)
}

/// `$1, $2` and so on.
#[must_use]
pub fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_lengths() {
        let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
        let (places, values) = several(&ids);
        assert_eq!((places.as_str(), values.len()), ("$1, $2, $3, $4, $5, $6, $7, $8", 8));
        assert_eq!((&values[4], &values[7]), (&Value::Uuid(ids[4]), &Value::Uuid(ids[0])));
        assert_eq!(several(&[]), ("$1".to_owned(), vec![Value::Null]));
    }
}
