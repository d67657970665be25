//! Addresses as 33 bytes: what kind, and its 32 bytes.
//!
//! A list of addresses would cost the host two thousand instructions a member in every call; and what is
//! changed by a contract, and not by the host, needs none of the host's functions, which are paid for in
//! every call too.
use soroban_sdk::{
    Address, Bytes, Env,
    xdr::{FromXdr, ToXdr},
};

use crate::{Error, contract_address};

/// Bytes of a person.
pub const PERSON: usize = 33;
const ACCOUNT: u8 = 0;
const CONTRACT: u8 = 1;

/// The XDR of an `ScVal` around an account's `ScAddress`, up to the key.
const ACCOUNT_TAGS: [u8; 12] = [0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0];
/// Bytes of the XDR of an account's address, and of a contract's.
const ACCOUNT_XDR: usize = 44;
const CONTRACT_XDR: usize = 40;

/// The bytes of an address.
///
/// # Errors
/// [`Error::NotMember`] for a kind of address that nobody can have.
#[inline(never)]
pub fn pack(address: &Address) -> Result<[u8; PERSON], Error> {
    let xdr = address.to_xdr(address.env());
    let mut buffer = [0; ACCOUNT_XDR];
    let (kind, xdr) = match usize::try_from(xdr.len()) {
        Ok(ACCOUNT_XDR) => {
            xdr.copy_into_slice(&mut buffer);
            (ACCOUNT, &buffer[..])
        }
        Ok(CONTRACT_XDR) => {
            let (short, _) = buffer.split_at_mut(CONTRACT_XDR);
            xdr.copy_into_slice(short);
            (CONTRACT, &*short)
        }
        _ => return Err(Error::NotMember),
    };
    let mut person = [kind; PERSON];
    if let (Some(to), Some(key)) = (person.last_chunk_mut::<32>(), xdr.last_chunk()) {
        *to = *key;
    }
    Ok(person)
}

/// The address of these bytes.
///
/// # Errors
/// [`Error::NotMember`] for bytes that are none.
#[inline(never)]
pub fn unpack(env: &Env, person: &[u8; PERSON]) -> Result<Address, Error> {
    let [kind, key @ ..] = person;
    if *kind == CONTRACT {
        return contract_address(env, key).ok_or(Error::NotMember);
    }
    let mut xdr = [0; ACCOUNT_XDR];
    if let Some(tags) = xdr.first_chunk_mut() {
        *tags = ACCOUNT_TAGS;
    }
    if let Some(account) = xdr.last_chunk_mut() {
        *account = *key;
    }
    Address::from_xdr(env, &Bytes::from_array(env, &xdr)).map_err(|_| Error::NotMember)
}
