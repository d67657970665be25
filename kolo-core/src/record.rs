//! Domain types as records: JSON with a kind and a schema version.
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::port::ledger::{AggregateId, Record};

/// State that is stored as an aggregate.
pub(crate) trait Aggregate: Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: &'static str;
    /// The version this software writes; older ones are upcast by `serde` defaults.
    const SCHEMA: u32 = 1;
}

/// An aggregate with the version it was loaded at (0 = new).
#[derive(Clone, Debug)]
pub(crate) struct Loaded<T> {
    pub id: AggregateId,
    pub version: u64,
    pub state: T,
}

impl<T: Aggregate> Loaded<T> {
    /// One that does not exist yet.
    pub fn fresh(id: &impl ToString, state: T) -> Self {
        Self { id: aggregate_id::<T>(id), version: 0, state }
    }
}

pub(crate) fn aggregate_id<T: Aggregate>(id: &impl ToString) -> AggregateId {
    AggregateId { kind: T::KIND.to_owned(), id: id.to_string() }
}

pub(crate) fn encode<T: Serialize>(kind: &str, schema: u32, value: &T) -> Result<Record, Error> {
    let bytes = serde_json::to_vec(value).map_err(|e| unreadable(kind, &e))?;
    Ok(Record { kind: kind.to_owned(), schema_version: schema, bytes })
}

pub(crate) fn decode<T: DeserializeOwned>(record: &Record, schema: u32) -> Result<T, Error> {
    if record.schema_version > schema {
        return Err(Error::Stored {
            what: record.kind.clone(),
            why: format!(
                "it has schema version {}, this software knows {schema}: upgrade it",
                record.schema_version
            ),
        });
    }
    serde_json::from_slice(&record.bytes).map_err(|e| unreadable(&record.kind, &e))
}

fn unreadable(what: &str, why: &serde_json::Error) -> Error {
    Error::Stored { what: what.to_owned(), why: why.to_string() }
}

/// `serde` for byte strings as hex text.
pub(crate) mod hex_bytes {
    use data_encoding::HEXLOWER;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(bytes))
    }

    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: TryFrom<Vec<u8>>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        T::try_from(bytes).map_err(|_| serde::de::Error::custom("wrong number of bytes"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::port::ledger::Record;

    /// Whether it is written like the golden sample, and the sample read as it.
    pub(crate) fn is_kept_as<T: Aggregate + Debug>(sample: &T, golden: &str) {
        let record = encode(T::KIND, T::SCHEMA, sample).unwrap();
        assert_eq!(std::str::from_utf8(&record.bytes).unwrap(), golden.trim_end());
        let golden = Record { bytes: golden.trim_end().as_bytes().to_vec(), ..record };
        let read: T = decode(&golden, T::SCHEMA).unwrap();
        assert_eq!(format!("{read:?}"), format!("{sample:?}"));
    }
}
