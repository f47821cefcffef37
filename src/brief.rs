//! Instants ↔ numbers, for `#[serde(with)]`: what is known of sources is read and written in every run and held in
//! memory, and instants are most of it. Pure.
//!
//! Text, which was written before, is read too, and written where a number has no room (outside of 1677 to 2262).

use std::fmt;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// What is written as numbers: an instant, and what holds instants.
pub trait Brief: Sized {
    /// Writes it.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads it.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Writes nanoseconds since 1970.
pub fn serialize<T: Brief, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads nanoseconds since 1970, or text.
pub fn deserialize<'de, T: Brief, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

impl Brief for Timestamp {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(self.as_nanosecond()) {
            Ok(nanoseconds) => serializer.serialize_i64(nanoseconds),
            Err(_) => self.serialize(serializer),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

impl Brief for Option<Timestamp> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map(Instant).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(|Instant(at)| at))
    }
}

impl Brief for Vec<Timestamp> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().copied().map(Instant))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let instants = Vec::deserialize(deserializer)?;
        Ok(instants.into_iter().map(|Instant(at)| at).collect())
    }
}

#[derive(Serialize, Deserialize)]
struct Instant(#[serde(with = "self")] Timestamp);

/// Takes a number or a text.
struct Either;

impl Visitor<'_> for Either {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nanoseconds since 1970, or an instant as text (RFC 3339)")
    }

    fn visit_i64<E: Error>(self, nanoseconds: i64) -> Result<Timestamp, E> {
        Timestamp::from_nanosecond(nanoseconds.into()).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, nanoseconds: u64) -> Result<Timestamp, E> {
        Timestamp::from_nanosecond(nanoseconds.into()).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Some3 {
        #[serde(with = "super")]
        one: Timestamp,
        #[serde(default, with = "super", skip_serializing_if = "Option::is_none")]
        perhaps: Option<Timestamp>,
        #[serde(with = "super")]
        many: Vec<Timestamp>,
    }

    fn any_instant() -> impl Strategy<Value = Timestamp> {
        let whole = Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond();
        prop_oneof![whole, 0..=i128::from(i64::MAX)]
            .prop_map(|nanoseconds| Timestamp::from_nanosecond(nanoseconds).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            one in any_instant(),
            perhaps in prop::option::of(any_instant()),
            many in prop::collection::vec(any_instant(), 0..4),
        ) {
            let all = Some3 { one, perhaps, many };
            let written = serde_json::to_string(&all).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Some3>(&written).unwrap(), &all);
        }
    }

    #[test]
    fn instants_are_numbers_and_texts_are_read_too() {
        let at: Timestamp = "2025-03-07T18:00:00.5Z".parse().unwrap();
        let all = Some3 { one: at, perhaps: None, many: vec![Timestamp::MIN, at] };
        let written = serde_json::to_string(&all).unwrap();
        assert_eq!(
            written,
            r#"{"one":1741370400500000000,"many":["-009999-01-02T01:59:59Z",1741370400500000000]}"#
        );
        let before = written.replace("1741370400500000000", r#""2025-03-07T18:00:00.5Z""#);
        assert_eq!(serde_json::from_str::<Some3>(&before).unwrap(), all);
        let error = serde_json::from_str::<Some3>(&before.replace("18:00", "25:00")).unwrap_err();
        assert!(error.to_string().contains("hour"), "{error}");
    }
}
