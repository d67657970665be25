//! Who sits where, and who asks to: people, packed.
use alloc::vec::Vec as Packed;

use kolo_contract_common::{Error, PERSON, pack, unpack};
use soroban_sdk::{Address, Bytes, Env, Vec};

use crate::list;

/// People in an order: members by seat, those who ask for one by when they did.
pub struct People {
    packed: Packed<u8>,
}

impl People {
    pub fn of(bytes: &[u8]) -> Self {
        Self { packed: bytes.to_vec() }
    }

    pub fn into_bytes(self) -> Packed<u8> {
        self.packed
    }

    pub fn len(&self) -> usize {
        self.packed.len() / PERSON
    }

    /// Where they are among them.
    pub fn place(&self, person: &[u8; PERSON]) -> Option<usize> {
        list::find(&self.packed, PERSON, person).map(|(place, _)| place)
    }

    /// Who is there.
    pub fn person(&self, place: usize) -> Option<&[u8; PERSON]> {
        self.packed.get(PERSON * place..)?.first_chunk()
    }

    pub fn push(&mut self, person: &[u8; PERSON]) {
        list::append(&mut self.packed, person);
    }

    /// Somebody else is there now.
    pub fn replace(&mut self, place: usize, person: &[u8; PERSON]) {
        let at = self.packed.get_mut(PERSON * place..).and_then(<[u8]>::first_chunk_mut);
        if let Some(entry) = at {
            *entry = *person;
        }
    }

    /// Not any more; later ones move down.
    pub fn remove(&mut self, person: &[u8; PERSON]) {
        self.packed = list::without(&self.packed, PERSON, &|entry| entry == person);
    }
}

/// Members by seat.
pub struct Members {
    people: People,
    changed: bool,
}

impl Members {
    pub fn of(bytes: &Bytes) -> Self {
        Self { people: People { packed: bytes.to_alloc_vec() }, changed: false }
    }

    /// Their bytes, if anything changed.
    pub fn changed(&self, env: &Env) -> Option<Bytes> {
        self.changed.then(|| Bytes::from_slice(env, &self.people.packed))
    }

    /// The seat of an address.
    #[inline(never)]
    pub fn seat(&self, member: &Address) -> Result<u8, Error> {
        let place = self.people.place(&pack(member)?).ok_or(Error::NotMember)?;
        u8::try_from(place).map_err(|_| Error::NotMember)
    }

    /// Who sits there.
    pub fn address(&self, env: &Env, seat: u8) -> Result<Address, Error> {
        unpack(env, self.people.person(usize::from(seat)).ok_or(Error::NotMember)?)
    }

    /// Who sits in these seats.
    pub fn addresses(
        &self,
        env: &Env,
        seats: impl Iterator<Item = u8>,
    ) -> Result<Vec<Address>, Error> {
        let mut addresses = Vec::new(env);
        for seat in seats {
            addresses.push_back(self.address(env, seat)?);
        }
        Ok(addresses)
    }

    /// Takes the next seat.
    pub fn push(&mut self, member: &Address) -> Result<(), Error> {
        self.changed = true;
        self.people.push(&pack(member)?);
        Ok(())
    }

    /// Takes this seat instead of who sits there.
    pub fn replace(&mut self, seat: u8, member: &Address) -> Result<(), Error> {
        self.changed = true;
        self.people.replace(usize::from(seat), &pack(member)?);
        Ok(())
    }

    /// Leaves the seat; later ones move down.
    pub fn remove(&mut self, member: &Address) -> Result<(), Error> {
        self.changed = true;
        self.people.remove(&pack(member)?);
        Ok(())
    }
}
