//! Values as text: amounts, assets, addresses, whatever a contract takes and gives.

use std::fmt::Write;

use stellar_xdr::{
    AccountId, Asset, ChangeTrustAsset, ContractExecutable, ContractId, Hash, ScAddress, ScError,
    ScVal,
};

/// Bytes shown of a long blob.
const BYTES_SHOWN: usize = 64;

pub(super) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Stroops of the native asset.
pub(super) fn lumens(stroops: i64) -> String {
    format!("{} XLM", seven_decimals(i128::from(stroops)))
}

/// A whole number of stroops with all its 7 decimals.
pub(super) fn seven_decimals(stroops: i128) -> String {
    let (sign, stroops) = (if stroops < 0 { "-" } else { "" }, stroops.unsigned_abs());
    format!("{sign}{}.{:07}", stroops / 10_000_000, stroops % 10_000_000)
}

pub(super) fn amount(stroops: i64, asset: &Asset) -> String {
    format!("{} {}", seven_decimals(i128::from(stroops)), code(asset))
}

/// The asset's code alone: `XLM`, `USDC`.
pub(super) fn code(asset: &Asset) -> String {
    match asset {
        Asset::Native => "XLM".to_owned(),
        Asset::CreditAlphanum4(asset) => asset.asset_code.to_string(),
        Asset::CreditAlphanum12(asset) => asset.asset_code.to_string(),
    }
}

/// Code and issuer.
pub(super) fn asset(asset: &Asset) -> String {
    match asset {
        Asset::Native => "XLM (native)".to_owned(),
        Asset::CreditAlphanum4(asset) => format!("{} of {}", asset.asset_code, asset.issuer),
        Asset::CreditAlphanum12(asset) => format!("{} of {}", asset.asset_code, asset.issuer),
    }
}

/// The asset of a trustline, if it is one (a pool's share is none).
pub(super) fn trusted(line: &ChangeTrustAsset) -> Option<Asset> {
    match line {
        ChangeTrustAsset::Native => Some(Asset::Native),
        ChangeTrustAsset::CreditAlphanum4(asset) => Some(Asset::CreditAlphanum4(asset.clone())),
        ChangeTrustAsset::CreditAlphanum12(asset) => Some(Asset::CreditAlphanum12(asset.clone())),
        ChangeTrustAsset::PoolShare(_) => None,
    }
}

/// `GABC…WXYZ`: enough to tell addresses apart in a line.
pub(super) fn short(address: &str) -> String {
    match (address.get(..4), address.len().checked_sub(4).and_then(|at| address.get(at..))) {
        (Some(head), Some(tail)) if address.len() > 12 => format!("{head}…{tail}"),
        _ => address.to_owned(),
    }
}

pub(super) fn short_account(account: &AccountId) -> String {
    short(&account.to_string())
}

pub(super) fn contract(id: &ContractId) -> String {
    ScAddress::Contract(id.clone()).to_string()
}

/// A contract's value.
pub(super) fn text(value: &ScVal) -> String {
    match value {
        ScVal::Bool(value) => value.to_string(),
        ScVal::Void => "nothing".to_owned(),
        ScVal::Error(error) => self::error(error),
        ScVal::U32(value) => value.to_string(),
        ScVal::I32(value) => value.to_string(),
        ScVal::U64(value) => value.to_string(),
        ScVal::I64(value) => value.to_string(),
        ScVal::Timepoint(value) => format!("time {}", value.0),
        ScVal::Duration(value) => format!("{} s", value.0),
        ScVal::U128(value) => value.to_string(),
        ScVal::I128(value) => value.to_string(),
        ScVal::U256(value) => value.to_string(),
        ScVal::I256(value) => value.to_string(),
        ScVal::Bytes(bytes) => blob(bytes.as_slice()),
        ScVal::String(text) => format!("{:?}", String::from_utf8_lossy(text.as_slice())),
        ScVal::Symbol(symbol) => String::from_utf8_lossy(symbol.as_slice()).into_owned(),
        ScVal::Vec(items) => {
            let items = items.iter().flat_map(|items| items.iter()).map(text);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        ScVal::Map(entries) => {
            let entries = entries.iter().flat_map(|entries| entries.iter());
            let entries =
                entries.map(|entry| format!("{}: {}", text(&entry.key), text(&entry.val)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        ScVal::Address(address) => address.to_string(),
        ScVal::ContractInstance(instance) => {
            format!("instance of {}", executable(&instance.executable))
        }
        ScVal::LedgerKeyContractInstance => "the contract's instance".to_owned(),
        ScVal::LedgerKeyNonce(key) => format!("nonce {}", key.nonce),
        ScVal::ExecutableTag(tag) => {
            format!("tag {:?}", String::from_utf8_lossy(tag.as_slice()))
        }
    }
}

/// Bytes, in hexadecimal; the middle of long ones is left out.
pub(super) fn blob(bytes: &[u8]) -> String {
    match bytes.get(..BYTES_SHOWN) {
        Some(head) if bytes.len() > BYTES_SHOWN => {
            let mut text = format!("0x{}…", hex(head));
            // Writing into a String cannot fail.
            let _ = write!(text, " ({} bytes)", bytes.len());
            text
        }
        _ => format!("0x{}", hex(bytes)),
    }
}

pub(super) fn executable(executable: &ContractExecutable) -> String {
    match executable {
        ContractExecutable::Wasm(Hash(hash)) => format!("code {}", hex(hash)),
        ContractExecutable::StellarAsset => "the Stellar Asset Contract".to_owned(),
        ContractExecutable::ExternalRef(_) => "another contract's code".to_owned(),
    }
}

pub(super) fn error(error: &ScError) -> String {
    let (kind, code) = match error {
        ScError::Contract(code) => return format!("the contract's error {code}"),
        ScError::WasmVm(code) => ("wasm", code),
        ScError::Context(code) => ("context", code),
        ScError::Storage(code) => ("storage", code),
        ScError::Object(code) => ("object", code),
        ScError::Crypto(code) => ("crypto", code),
        ScError::Events(code) => ("events", code),
        ScError::Budget(code) => ("budget", code),
        ScError::Value(code) => ("value", code),
        ScError::Auth(code) => ("authorisation", code),
    };
    format!("{kind} error: {}", words(code.name()))
}

/// `LineFull` → `line full`.
pub(super) fn words(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
