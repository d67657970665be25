//! Who sits where: people, packed, by seat. Read in pieces: a buffer for all would have to be cleared first, at
//! ten instructions a byte.
use kolo_contract_common::{Error, PERSON, pack, unpack};
use soroban_sdk::{Address, Bytes, Env, EnvBase as _};

/// Bytes of eight people.
const PIECE: usize = 8 * PERSON;

/// The seat of a member; none for others.
pub fn seat(env: &Env, members: &Bytes, member: &Address) -> Result<Option<u8>, Error> {
    let person = pack(member)?;
    let mut piece = [0; PIECE];
    let mut left = usize::try_from(members.len()).unwrap_or(0);
    let (mut seat, mut at) = (0, 0);
    while let Some(people) = piece.get_mut(..left.min(PIECE)).filter(|people| !people.is_empty()) {
        copy(env, members, at, people)?;
        for other in people.as_chunks().0 {
            // Most differ in the last byte: a comparison of all of them is dearer.
            if other[PERSON - 1] == person[PERSON - 1] && *other == person {
                return Ok(Some(seat));
            }
            seat += 1;
        }
        left -= people.len();
        at += u32::try_from(people.len()).unwrap_or(u32::MAX);
    }
    Ok(None)
}

/// Who sits there.
pub fn address(env: &Env, members: &Bytes, seat: u8) -> Result<Address, Error> {
    let mut person = [0; PERSON];
    let at = u32::try_from(PERSON * usize::from(seat)).map_err(|_| Error::NotMember)?;
    copy(env, members, at, &mut person)?;
    unpack(env, &person)
}

fn copy(env: &Env, members: &Bytes, at: u32, to: &mut [u8]) -> Result<(), Error> {
    env.bytes_copy_to_slice(members.to_object(), at.into(), to).map_err(|_| Error::NotMember)
}
