use alloc::vec::Vec;

use soroban_env_common::Env as _;
use soroban_sdk::{
    Address, Bytes, Env,
    xdr::{FromXdr, ToXdr},
};

/// The XDR union tags in front of a contract id: `ScVal::Address` (18), `ScAddress::Contract` (1).
const CONTRACT_ADDRESS_TAGS: [u8; 8] = [0, 0, 0, 18, 0, 0, 0, 1];

/// The XDR of what the host answers for such a contract, `["StellarAsset"]`. To take the answer apart, as
/// `Address::executable` does, would need three more of the host's functions.
const STELLAR_ASSET: &[u8] = b"\0\0\0\x10\0\0\0\x01\0\0\0\x01\0\0\0\x0f\0\0\0\x0cStellarAsset";

/// The same for a contract of uploaded code, `["Wasm", hash]`, up to the hash.
const WASM: &[u8; 32] =
    b"\0\0\0\x10\0\0\0\x01\0\0\0\x02\0\0\0\x0f\0\0\0\x04Wasm\0\0\0\x0d\0\0\0\x20";

/// Bytes of a contract's address in XDR.
const CONTRACT_ADDRESS: usize = 40;

/// Bytes of the tag in front of the `ScAddress` inside an `ScVal`.
const SC_VAL_TAG: usize = 4;

/// The address of the contract with this id; `None` for no id, since any 32 bytes are one.
#[must_use]
pub fn contract_address(env: &Env, id: &[u8; 32]) -> Option<Address> {
    let mut xdr = [0; CONTRACT_ADDRESS];
    *xdr.first_chunk_mut()? = CONTRACT_ADDRESS_TAGS;
    *xdr.last_chunk_mut()? = *id;
    Address::from_xdr(env, &Bytes::from_array(env, &xdr)).ok()
}

/// The XDR of the address's `ScAddress`: 40 bytes for an account, 36 for a contract.
#[must_use]
pub fn sc_address_xdr(env: &Env, address: &Address) -> Vec<u8> {
    let xdr = address.to_xdr(env).to_alloc_vec();
    xdr.get(SC_VAL_TAG..).unwrap_or_default().to_vec()
}

/// The 32-byte id of a contract; for an account, the account's key.
#[must_use]
pub fn contract_id(env: &Env, address: &Address) -> Option<[u8; 32]> {
    address.to_xdr(env).to_alloc_vec().last_chunk().copied()
}

/// Whether this is a contract the network itself made for a classic asset: its `transfer` runs the
/// network's own code, which calls nobody and keeps what it says.
#[must_use]
pub fn is_stellar_asset(address: &Address) -> bool {
    let env = address.env();
    let executable = env.get_address_executable(address.to_object());
    executable.is_ok_and(|kind| kind.to_xdr(env).to_alloc_vec() == STELLAR_ASSET)
}

/// Whether this is a contract that runs the code of this hash.
#[must_use]
pub fn runs(address: &Address, code: &[u8; 32]) -> bool {
    let env = address.env();
    let executable = env.get_address_executable(address.to_object());
    executable.is_ok_and(|kind| {
        let kind = kind.to_xdr(env).to_alloc_vec();
        kind.split_first_chunk() == Some((WASM, &code[..]))
    })
}
