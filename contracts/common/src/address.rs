use soroban_sdk::{
    Address, Bytes, BytesN, Env, Executable,
    xdr::{FromXdr, ToXdr},
};

/// The XDR union tags in front of a contract id: `ScVal::Address` (18), `ScAddress::Contract` (1).
const CONTRACT_ADDRESS_TAGS: [u8; 8] = [0, 0, 0, 18, 0, 0, 0, 1];

/// Bytes of the tag in front of the `ScAddress` inside an `ScVal`.
const SC_VAL_TAG: u32 = 4;

/// The address of the contract with this id; `None` for no id, since any 32 bytes are one.
#[must_use]
pub fn contract_address(env: &Env, id: &[u8; 32]) -> Option<Address> {
    let mut xdr = Bytes::from_array(env, &CONTRACT_ADDRESS_TAGS);
    xdr.extend_from_array(id);
    Address::from_xdr(env, &xdr).ok()
}

/// The XDR of the address's `ScAddress`: 40 bytes for an account, 36 for a contract.
#[must_use]
pub fn sc_address_xdr(env: &Env, address: &Address) -> Bytes {
    let xdr = address.to_xdr(env);
    xdr.slice(SC_VAL_TAG..)
}

/// The 32-byte id of a contract; for an account, the account's key.
#[must_use]
pub fn contract_id(env: &Env, address: &Address) -> Option<BytesN<32>> {
    let xdr = address.to_xdr(env);
    xdr.slice(xdr.len().saturating_sub(32)..).try_into().ok()
}

/// Whether this is a contract the network itself made for a classic asset: its `transfer` runs the
/// network's own code, which calls nobody and keeps what it says.
#[must_use]
pub fn is_stellar_asset(address: &Address) -> bool {
    matches!(address.executable(), Some(Executable::StellarAsset))
}
