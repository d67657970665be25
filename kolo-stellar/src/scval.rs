//! Contract values: made for calls, read from entries and events.
use kolo_core::Timestamp;
use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use kolo_rules::Amount;
use stellar_xdr::{ScAddress, ScMap, ScSymbol, ScVal, ScVec};

use crate::address::{chain_address, invalid};

pub(crate) fn symbol(name: &str) -> Result<ScSymbol, PortError> {
    ScSymbol::try_from(name.to_owned()).map_err(|()| invalid(format!("{name} is no symbol")))
}

pub(crate) fn bytes(value: &[u8]) -> Result<ScVal, PortError> {
    ScVal::try_from(value).map_err(|()| invalid("too many bytes for a contract value"))
}

pub(crate) fn amount(value: Amount) -> ScVal {
    i128::from(value.minor_units()).into()
}

pub(crate) fn option_u32(value: Option<u8>) -> ScVal {
    value.map_or(ScVal::Void, |v| u32::from(v).into())
}

/// An enum of the contract: its variant's name, and what it holds.
pub(crate) fn option_address(value: Option<&ScAddress>) -> ScVal {
    value.map_or(ScVal::Void, address)
}

pub(crate) fn variant(name: &str, held: Option<ScVal>) -> Result<ScVal, PortError> {
    let mut items = vec![ScVal::Symbol(symbol(name)?)];
    items.extend(held);
    vec(items)
}

pub(crate) fn vec(items: Vec<ScVal>) -> Result<ScVal, PortError> {
    let items = items
        .try_into()
        .map_err(|e: stellar_xdr::Error| invalid("too many values in a list").because(e))?;
    Ok(ScVal::Vec(Some(ScVec(items))))
}

/// The variant's name and what it holds.
pub(crate) fn as_variant(value: &ScVal) -> Option<(String, Option<&ScVal>)> {
    let items = as_vec(value)?;
    match items {
        [ScVal::Symbol(name)] => Some((name.0.to_utf8_string_lossy(), None)),
        [ScVal::Symbol(name), held] => Some((name.0.to_utf8_string_lossy(), Some(held))),
        _ => None,
    }
}

pub(crate) fn as_vec(value: &ScVal) -> Option<&[ScVal]> {
    match value {
        ScVal::Vec(Some(items)) => Some(items.as_slice()),
        _ => None,
    }
}

pub(crate) fn as_address(value: &ScVal) -> Option<ChainAddress> {
    match value {
        ScVal::Address(address) => Some(chain_address(address)),
        _ => None,
    }
}

/// `Some(None)` for the contract's `None`.
pub(crate) fn as_option_address(value: &ScVal) -> Option<Option<ChainAddress>> {
    match value {
        ScVal::Void => Some(None),
        other => as_address(other).map(Some),
    }
}

pub(crate) fn as_addresses(value: &ScVal) -> Option<Vec<ChainAddress>> {
    as_vec(value)?.iter().map(as_address).collect()
}

pub(crate) fn as_bytes(value: &ScVal) -> Option<&[u8]> {
    match value {
        ScVal::Bytes(bytes) => Some(bytes.0.as_slice()),
        _ => None,
    }
}

pub(crate) fn as_hash(value: &ScVal) -> Option<[u8; 32]> {
    as_bytes(value)?.try_into().ok()
}

pub(crate) fn as_key(value: &ScVal) -> Option<PublicKey> {
    as_bytes(value)?.try_into().ok().map(PublicKey)
}

/// An amount that fits the domain's 64 bits.
pub(crate) fn as_amount(value: &ScVal) -> Option<Amount> {
    match value {
        ScVal::I128(parts) => i64::try_from(i128::from(parts)).ok().map(Amount::new),
        _ => None,
    }
}

pub(crate) const fn as_u32(value: &ScVal) -> Option<u32> {
    match value {
        ScVal::U32(number) => Some(*number),
        _ => None,
    }
}

pub(crate) fn as_u8(value: &ScVal) -> Option<u8> {
    as_u32(value)?.try_into().ok()
}

/// `Some(None)` for the contract's `None`.
pub(crate) fn as_option_u8(value: &ScVal) -> Option<Option<u8>> {
    match value {
        ScVal::Void => Some(None),
        other => as_u8(other).map(Some),
    }
}

pub(crate) const fn as_bool(value: &ScVal) -> Option<bool> {
    match value {
        ScVal::Bool(truth) => Some(*truth),
        _ => None,
    }
}

pub(crate) const fn as_time(value: &ScVal) -> Option<Timestamp> {
    match value {
        ScVal::U64(seconds) => Some(Timestamp::from_unix(*seconds)),
        _ => None,
    }
}

pub(crate) fn as_symbol(value: &ScVal) -> Option<String> {
    match value {
        ScVal::Symbol(name) => Some(name.0.to_utf8_string_lossy()),
        _ => None,
    }
}

/// A field of a map with symbol keys.
pub(crate) fn field<'a>(map: &'a ScMap, name: &str) -> Option<&'a ScVal> {
    map.iter()
        .find(|entry| matches!(&entry.key, ScVal::Symbol(key) if key.0 == *name.as_bytes()))
        .map(|entry| &entry.val)
}

pub(crate) fn as_map(value: &ScVal) -> Option<&ScMap> {
    match value {
        ScVal::Map(Some(map)) => Some(map),
        _ => None,
    }
}

pub(crate) fn address(value: &ScAddress) -> ScVal {
    ScVal::Address(value.clone())
}
