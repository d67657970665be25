//! Who sits where, packed: 33 bytes a seat, what kind of address and its 32 bytes.
//!
//! A list of addresses would cost the host two thousand instructions a member in every call.
use kolo_contract_common::{Error, contract_address};
use soroban_sdk::{
    Address, Bytes, Env,
    xdr::{FromXdr, ToXdr},
};

const ENTRY: usize = 33;
const ENTRY_U32: u32 = 33;
const ACCOUNT: u8 = 0;
const CONTRACT: u8 = 1;

/// The XDR of an `ScVal` around an account's `ScAddress`, up to the key.
const ACCOUNT_TAGS: [u8; 12] = [0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0];

/// Members by seat.
pub struct Members {
    pub bytes: Bytes,
}

impl Members {
    /// The seat of an address.
    pub fn seat(&self, member: &Address) -> Result<u8, Error> {
        let wanted = pack(member)?;
        let entries = self.bytes.to_alloc_vec();
        let found = (0_u8..).zip(entries.chunks_exact(ENTRY)).find(|(_, entry)| *entry == wanted);
        found.map(|(seat, _)| seat).ok_or(Error::NotMember)
    }

    /// Who sits there.
    pub fn address(&self, seat: u8) -> Result<Address, Error> {
        let at = ENTRY_U32 * u32::from(seat);
        if at >= self.bytes.len() {
            return Err(Error::NotMember);
        }
        let mut entry = [0; ENTRY];
        self.bytes.slice(at..at + ENTRY_U32).copy_into_slice(&mut entry);
        unpack(self.bytes.env(), &entry)
    }

    /// Takes the next seat.
    pub fn push(&mut self, member: &Address) -> Result<(), Error> {
        self.bytes.extend_from_array(&pack(member)?);
        Ok(())
    }

    /// Takes this seat instead of who sits there.
    pub fn replace(&mut self, seat: u8, member: &Address) -> Result<(), Error> {
        self.bytes.copy_from_slice(ENTRY_U32 * u32::from(seat), &pack(member)?);
        Ok(())
    }

    /// Leaves this seat; later ones move down.
    pub fn remove(&mut self, seat: u8) {
        let at = ENTRY_U32 * u32::from(seat);
        let mut rest = self.bytes.slice(..at);
        rest.append(&self.bytes.slice(at + ENTRY_U32..));
        self.bytes = rest;
    }
}

fn pack(address: &Address) -> Result<[u8; ENTRY], Error> {
    let xdr = address.to_xdr(address.env());
    let kind = match xdr.len() {
        44 => ACCOUNT,
        40 => CONTRACT,
        _ => return Err(Error::NotMember),
    };
    let mut entry = [kind; ENTRY];
    let key = entry.get_mut(1..).unwrap_or_default();
    xdr.slice(xdr.len() - 32..).copy_into_slice(key);
    Ok(entry)
}

fn unpack(env: &Env, entry: &[u8; ENTRY]) -> Result<Address, Error> {
    let [kind, key @ ..] = entry;
    if *kind == CONTRACT {
        return contract_address(env, key).ok_or(Error::NotMember);
    }
    let mut xdr = Bytes::from_slice(env, &ACCOUNT_TAGS);
    xdr.extend_from_array(key);
    Address::from_xdr(env, &xdr).map_err(|_| Error::NotMember)
}
