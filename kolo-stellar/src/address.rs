//! Addresses and assets between the domain's text and XDR, and the ids that follow from them.
use kolo_core::Asset;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use kolo_core::port::{PortError, PortErrorKind, Retry};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, AlphaNum4, AlphaNum12, AssetCode4, AssetCode12, ContractId, ContractIdPreimage,
    ContractIdPreimageFromAddress, Hash, HashIdPreimage, HashIdPreimageContractId, Limits,
    PublicKey as XdrKey, ScAddress, Uint256, WriteXdr,
};

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A request that no adapter of this chain can serve.
pub(crate) fn invalid(context: impl Into<String>) -> PortError {
    PortError::new(PortErrorKind::Invalid, Retry::Permanent, context)
}

/// XDR of our own making: it fails only beyond the format's own bounds.
pub(crate) fn to_xdr(value: &impl WriteXdr) -> Result<Vec<u8>, PortError> {
    value
        .to_xdr(Limits::none())
        .map_err(|e| invalid("a value does not fit the network's format").because(e))
}

/// An account or a contract; nothing else holds money of ours.
pub(crate) fn sc_address(address: &ChainAddress) -> Result<ScAddress, PortError> {
    match address.0.parse() {
        Ok(found @ (ScAddress::Account(_) | ScAddress::Contract(_))) => Ok(found),
        _ => Err(invalid(format!("{address} is neither an account (G…) nor a contract (C…)"))),
    }
}

pub(crate) fn account_id(address: &ChainAddress) -> Result<AccountId, PortError> {
    match sc_address(address)? {
        ScAddress::Account(id) => Ok(id),
        _ => Err(invalid(format!("{address} is not an account (G…)"))),
    }
}

pub(crate) fn contract_id(address: &ChainAddress) -> Result<ContractId, PortError> {
    match sc_address(address)? {
        ScAddress::Contract(id) => Ok(id),
        _ => Err(invalid(format!("{address} is not a contract (C…)"))),
    }
}

/// The text form; a muxed account is the account behind it.
pub(crate) fn chain_address(address: &ScAddress) -> ChainAddress {
    match address {
        ScAddress::MuxedAccount(muxed) => account_address(&account_of(muxed.ed25519.0)),
        other => ChainAddress(other.to_string()),
    }
}

pub(crate) fn account_address(id: &AccountId) -> ChainAddress {
    ChainAddress(id.to_string())
}

pub(crate) fn contract_address(id: &ContractId) -> ChainAddress {
    ChainAddress(id.to_string())
}

/// The account whose master key this is.
pub(crate) const fn account_of(key: [u8; 32]) -> AccountId {
    AccountId(XdrKey::PublicKeyTypeEd25519(Uint256(key)))
}

/// The master key of an account.
pub(crate) const fn key_of(id: &AccountId) -> PublicKey {
    let AccountId(XdrKey::PublicKeyTypeEd25519(Uint256(key))) = id;
    PublicKey(*key)
}

/// The network's form of an asset: 1 to 12 ASCII letters and digits, and an issuing account.
pub(crate) fn xdr_asset(asset: &Asset) -> Result<stellar_xdr::Asset, PortError> {
    let issuer = account_id(&ChainAddress(asset.issuer.clone()))?;
    let code = asset.code.as_bytes();
    if asset.decimals != 7 || !code.iter().all(u8::is_ascii_alphanumeric) {
        return Err(invalid(format!(
            "{} is no Stellar asset: codes are letters and digits, decimals are 7",
            asset.key()
        )));
    }
    match code.len() {
        1..=4 => Ok(stellar_xdr::Asset::CreditAlphanum4(AlphaNum4 {
            asset_code: AssetCode4(padded(code)),
            issuer,
        })),
        5..=12 => Ok(stellar_xdr::Asset::CreditAlphanum12(AlphaNum12 {
            asset_code: AssetCode12(padded(code)),
            issuer,
        })),
        _ => Err(invalid("an asset code has 1 to 12 characters")),
    }
}

fn padded<const N: usize>(code: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| code.get(i).copied().unwrap_or(0))
}

/// The id of the contract the network makes for an asset.
pub(crate) fn asset_contract_id(
    network_id: [u8; 32],
    asset: &stellar_xdr::Asset,
) -> Result<ContractId, PortError> {
    preimage_id(network_id, ContractIdPreimage::Asset(asset.clone()))
}

/// The id of the contract that `deployer` makes with `salt`.
pub(crate) fn deployed_id(
    network_id: [u8; 32],
    deployer: ScAddress,
    salt: [u8; 32],
) -> Result<ContractId, PortError> {
    let from = ContractIdPreimageFromAddress { address: deployer, salt: Uint256(salt) };
    preimage_id(network_id, ContractIdPreimage::Address(from))
}

fn preimage_id(
    network_id: [u8; 32],
    contract_id_preimage: ContractIdPreimage,
) -> Result<ContractId, PortError> {
    let preimage = HashIdPreimage::ContractId(HashIdPreimageContractId {
        network_id: Hash(network_id),
        contract_id_preimage,
    });
    Ok(ContractId(Hash(sha256(&to_xdr(&preimage)?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known outside: Circle's USDC on the public network and its contract.
    const USDC_ISSUER: &str = "GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN";
    const USDC_CONTRACT: &str = "CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75";

    fn asset(code: &str, issuer: &str, decimals: u8) -> Asset {
        Asset { code: code.to_owned(), issuer: issuer.to_owned(), decimals }
    }

    #[test]
    fn the_contract_of_an_asset_is_the_networks() {
        let network = sha256(b"Public Global Stellar Network ; September 2015");
        let usdc = xdr_asset(&asset("USDC", USDC_ISSUER, 7)).unwrap();
        let id = asset_contract_id(network, &usdc).unwrap();
        assert_eq!(id.to_string(), USDC_CONTRACT);
    }

    #[test]
    fn what_is_no_stellar_asset_is_refused() {
        for (code, issuer, decimals) in [
            ("", USDC_ISSUER, 7),
            ("THIRTEENCHARS", USDC_ISSUER, 7),
            ("US DC", USDC_ISSUER, 7),
            ("ÜSD", USDC_ISSUER, 7),
            ("USDC", USDC_ISSUER, 6),
            ("USDC", USDC_CONTRACT, 7),
            ("USDC", "nobody", 7),
        ] {
            assert!(xdr_asset(&asset(code, issuer, decimals)).is_err(), "{code} {issuer}");
        }
        assert!(xdr_asset(&asset("LONGERCODE12", USDC_ISSUER, 7)).is_ok());
    }

    #[test]
    fn muxed_accounts_are_shown_as_the_account_behind() {
        let muxed = ScAddress::MuxedAccount(stellar_xdr::MuxedEd25519Account {
            id: 7,
            ed25519: Uint256([3; 32]),
        });
        let plain = ScAddress::Account(account_of([3; 32]));
        assert_eq!(chain_address(&muxed), chain_address(&plain));
    }

    #[test]
    fn addresses_of_other_kinds_are_refused() {
        let claimable = "BAAD6DBUX6J22DMZOHIEZTEQ64CVCHEDRKWZONFEUL5Q26QD7R76RGR4TU";
        for text in [claimable, "", "GABC", "SABC"] {
            assert!(sc_address(&ChainAddress(text.to_owned())).is_err(), "{text}");
        }
    }
}
