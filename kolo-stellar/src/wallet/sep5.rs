//! SEP-5: from words to the key of an account.
//!
//! BIP-39 turns the words into 64 bytes, SLIP-10 derives ed25519 keys from these along
//! `m/44'/148'/x'`. Only hardened steps exist for ed25519.
use bip39::{Language, Mnemonic};
use hmac::{Hmac, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

use super::KeyError;

/// What leads the key of a tree for this curve.
const CURVE: &[u8] = b"ed25519 seed";

/// `44'/148'`: accounts of Stellar.
const PURPOSE: u32 = 44;
const STELLAR: u32 = 148;

/// What makes a step hardened.
const HARDENED: u32 = 1 << 31;

/// A node of the tree: 32 bytes of key, then 32 of chain code.
type Node = Zeroizing<[u8; 64]>;

/// The seed of account `m/44'/148'/index'`.
pub(super) fn account_seed(
    words: &str,
    passphrase: &str,
    index: u32,
) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    if index >= HARDENED {
        return Err(KeyError::Index);
    }
    let words = Mnemonic::parse_in(Language::English, words).map_err(|_| KeyError::Words)?;
    let seed = Zeroizing::new(words.to_seed(passphrase));
    let mut node = keyed(CURVE, &[seed.as_slice()])?;
    for step in [PURPOSE, STELLAR, index] {
        let (key, chain) = node.split_at(32);
        node = keyed(chain, &[&[0], key, &(step | HARDENED).to_be_bytes()])?;
    }
    let mut account = Zeroizing::new([0_u8; 32]);
    account.copy_from_slice(node.split_at(32).0);
    Ok(account)
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Result<Node, KeyError> {
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha512>::new_from_slice(key).map_err(|_| KeyError::Words)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}
