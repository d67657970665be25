//! Who sits where, packed: 33 bytes a person, what kind of address and its 32 bytes.
//!
//! A list of addresses would cost the host two thousand instructions a member in every call; and what is
//! changed here, and not by the host, needs none of the host's functions, which are paid for in every call too.
use alloc::vec::Vec as Packed;

use kolo_contract_common::{Error, contract_address};
use soroban_sdk::{
    Address, Bytes, Env, EnvBase as _, IntoVal, TryFromVal, Val, Vec,
    xdr::{FromXdr, ToXdr},
};

use crate::{
    list,
    storage::{self, Key},
};

/// Bytes of a person.
pub const ENTRY: usize = 33;
const ACCOUNT: u8 = 0;
const CONTRACT: u8 = 1;

/// The XDR of an `ScVal` around an account's `ScAddress`, up to the key.
const ACCOUNT_TAGS: [u8; 12] = [0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0];
/// Bytes of the XDR of an account's address, and of a contract's.
const ACCOUNT_XDR: usize = 44;
const CONTRACT_XDR: usize = 40;

/// People in an order: members by seat, those who ask for one by when they did.
#[derive(Default)]
pub struct People {
    packed: Packed<u8>,
}

impl People {
    pub fn of(bytes: &Bytes) -> Self {
        Self { packed: bytes.to_alloc_vec() }
    }

    pub fn of_entry(env: &Env, key: Key) -> Self {
        Self { packed: storage::bytes(env, key) }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.packed
    }

    pub fn len(&self) -> usize {
        self.packed.len() / ENTRY
    }

    /// Where they are among them.
    pub fn place(&self, person: &[u8; ENTRY]) -> Option<usize> {
        list::find(&self.packed, ENTRY, person).map(|(place, _)| place)
    }

    /// Who is there.
    pub fn person(&self, place: usize) -> Option<&[u8; ENTRY]> {
        self.packed.get(ENTRY * place..)?.first_chunk()
    }

    pub fn push(&mut self, person: &[u8; ENTRY]) {
        list::append(&mut self.packed, person);
    }

    /// Somebody else is there now.
    pub fn replace(&mut self, place: usize, person: &[u8; ENTRY]) {
        let at = self.packed.get_mut(ENTRY * place..).and_then(<[u8]>::first_chunk_mut);
        if let Some(entry) = at {
            *entry = *person;
        }
    }

    /// Not any more; later ones move down.
    pub fn remove(&mut self, person: &[u8; ENTRY]) {
        self.packed = list::without(&self.packed, ENTRY, &|entry| entry == person);
    }
}

/// Members by seat.
#[derive(Default)]
pub struct Members(pub People);

impl Members {
    /// The seat of an address.
    #[inline(never)]
    pub fn seat(&self, member: &Address) -> Result<u8, Error> {
        let place = self.0.place(&pack(member)?).ok_or(Error::NotMember)?;
        u8::try_from(place).map_err(|_| Error::NotMember)
    }

    /// Who sits there.
    pub fn address(&self, env: &Env, seat: u8) -> Result<Address, Error> {
        unpack(env, self.0.person(usize::from(seat)).ok_or(Error::NotMember)?)
    }

    /// Who sits in these seats.
    pub fn addresses(
        &self,
        env: &Env,
        seats: impl Iterator<Item = u8>,
    ) -> Result<Vec<Address>, Error> {
        let mut values = Packed::new();
        for seat in seats {
            let value: Val = self.address(env, seat)?.into_val(env);
            values.push(value);
        }
        // Building it one by one would need two more of the host's functions.
        let list = env.vec_new_from_slice(&values).map_err(|_| Error::NotMember)?;
        Vec::try_from_val(env, &list).map_err(|_| Error::NotMember)
    }

    /// Takes the next seat.
    pub fn push(&mut self, member: &Address) -> Result<(), Error> {
        self.0.push(&pack(member)?);
        Ok(())
    }

    /// Takes this seat instead of who sits there.
    pub fn replace(&mut self, seat: u8, member: &Address) -> Result<(), Error> {
        self.0.replace(usize::from(seat), &pack(member)?);
        Ok(())
    }

    /// Leaves the seat; later ones move down.
    pub fn remove(&mut self, member: &Address) -> Result<(), Error> {
        self.0.remove(&pack(member)?);
        Ok(())
    }
}

/// The bytes of an address.
#[inline(never)]
pub fn pack(address: &Address) -> Result<[u8; ENTRY], Error> {
    let xdr = address.to_xdr(address.env());
    let kind = match usize::try_from(xdr.len()) {
        Ok(ACCOUNT_XDR) => ACCOUNT,
        Ok(CONTRACT_XDR) => CONTRACT,
        _ => return Err(Error::NotMember),
    };
    let xdr = xdr.to_alloc_vec();
    let mut entry = [kind; ENTRY];
    if let (Some(to), Some(key)) = (entry.last_chunk_mut::<32>(), xdr.last_chunk()) {
        *to = *key;
    }
    Ok(entry)
}

/// The address of these bytes.
#[inline(never)]
pub fn unpack(env: &Env, entry: &[u8; ENTRY]) -> Result<Address, Error> {
    let [kind, key @ ..] = entry;
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
