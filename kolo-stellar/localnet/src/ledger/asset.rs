//! Assets and the contracts that stand for them.

use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, Asset, ChangeTrustAsset, ContractId, ContractIdPreimage, Hash, HashIdPreimage,
    HashIdPreimageContractId, Limits, TrustLineAsset, WriteXdr,
};

/// Whether the code has 1–4 (or 5–12) letters and digits, padded with zeros at the end.
pub(crate) fn is_valid_asset(asset: &Asset) -> bool {
    match asset {
        Asset::Native => true,
        Asset::CreditAlphanum4(asset) => is_valid_code(&asset.asset_code.0, 1),
        Asset::CreditAlphanum12(asset) => is_valid_code(&asset.asset_code.0, 5),
    }
}

fn is_valid_code(code: &[u8], shortest: usize) -> bool {
    let letters = code.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    letters >= shortest && code.iter().skip(letters).all(|byte| *byte == 0)
}

pub(crate) fn issuer(asset: &Asset) -> Option<&AccountId> {
    match asset {
        Asset::Native => None,
        Asset::CreditAlphanum4(asset) => Some(&asset.issuer),
        Asset::CreditAlphanum12(asset) => Some(&asset.issuer),
    }
}

/// The code without its padding; `None` for the native asset.
pub(crate) fn asset_code(asset: &Asset) -> Option<&[u8]> {
    let code: &[u8] = match asset {
        Asset::Native => return None,
        Asset::CreditAlphanum4(asset) => &asset.asset_code.0,
        Asset::CreditAlphanum12(asset) => &asset.asset_code.0,
    };
    let length = code.iter().position(|byte| *byte == 0).unwrap_or(code.len());
    code.get(..length)
}

/// `None` for a pool share, which this network does not have.
pub(crate) fn change_trust_asset(asset: &ChangeTrustAsset) -> Option<Asset> {
    match asset {
        ChangeTrustAsset::Native => Some(Asset::Native),
        ChangeTrustAsset::CreditAlphanum4(asset) => Some(Asset::CreditAlphanum4(asset.clone())),
        ChangeTrustAsset::CreditAlphanum12(asset) => Some(Asset::CreditAlphanum12(asset.clone())),
        ChangeTrustAsset::PoolShare(_) => None,
    }
}

pub(crate) fn line_asset(asset: &Asset) -> TrustLineAsset {
    match asset {
        Asset::Native => TrustLineAsset::Native,
        Asset::CreditAlphanum4(asset) => TrustLineAsset::CreditAlphanum4(asset.clone()),
        Asset::CreditAlphanum12(asset) => TrustLineAsset::CreditAlphanum12(asset.clone()),
    }
}

/// The id the asset's contract (SAC) has on this network, deployed or not.
pub(crate) fn sac_id(network_id: [u8; 32], asset: &Asset) -> ContractId {
    let preimage = HashIdPreimage::ContractId(HashIdPreimageContractId {
        network_id: Hash(network_id),
        contract_id_preimage: ContractIdPreimage::Asset(asset.clone()),
    });
    let bytes = preimage.to_xdr(Limits::none()).unwrap_or_default();
    ContractId(Hash(Sha256::digest(bytes).into()))
}
