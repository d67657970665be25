use kolo_contract_common::{Error, contract_address};
use kolo_rules::{Circle, Rules, circle::MAX_ENCODED};
use soroban_sdk::{Address, Bytes, Env, Vec};

use crate::storage;

/// A circle as it is between reading it and writing it back.
pub struct Book {
    pub rules: Rules,
    pub asset: Address,
    pub members: Vec<Address>,
    pub circle: Circle,
}

impl Book {
    /// Reads the circle and prolongs what it read.
    ///
    /// # Errors
    /// `Finished` when there is none any more.
    pub fn open(env: &Env) -> Result<Self, Error> {
        let circle = decode(&storage::state(env)?)?;
        let rules = Rules::decode(&storage::rules(env)?.to_array())?;
        let asset = contract_address(env, &rules.asset).ok_or(Error::BadRules)?;
        let members = storage::members(env)?;
        storage::extend(env);
        Ok(Self { rules, asset, members, circle })
    }

    /// Writes the state back, or deletes everything when nothing is left to do.
    pub fn close(&self, env: &Env) -> Result<(), Error> {
        if self.circle.is_finished() {
            storage::delete_all(env);
            return Ok(());
        }
        storage::set_state(env, &encode(env, &self.circle)?);
        Ok(())
    }

    /// Writes members and state back, after somebody took or left a seat.
    pub fn close_with_members(&self, env: &Env) -> Result<(), Error> {
        storage::set_members(env, &self.members);
        self.close(env)
    }

    /// The seat of a member.
    pub fn seat(&self, member: &Address) -> Result<u8, Error> {
        let index = self.members.first_index_of(member).ok_or(Error::NotMember)?;
        u8::try_from(index).map_err(|_| Error::NotMember)
    }

    /// Who sits there.
    pub fn member(&self, seat: u8) -> Result<Address, Error> {
        self.members.get(u32::from(seat)).ok_or(Error::NotMember)
    }
}

/// Unix seconds of the ledger's close.
pub fn now(env: &Env) -> u64 {
    env.ledger().timestamp()
}

/// A round as the rules count them. None has a number beyond one byte.
pub fn round(round: u32) -> Result<u8, Error> {
    u8::try_from(round).map_err(|_| Error::WrongRound)
}

/// A turn as the rules count them.
pub fn turn(turn: Option<u32>) -> Result<Option<u8>, Error> {
    turn.map(u8::try_from).transpose().map_err(|_| Error::BadTurn)
}

fn decode(bytes: &Bytes) -> Result<Circle, Error> {
    let mut buffer = [0; MAX_ENCODED];
    let length = usize::try_from(bytes.len()).map_err(|_| Error::BadEncoding)?;
    let buffer = buffer.get_mut(..length).ok_or(Error::BadEncoding)?;
    bytes.copy_into_slice(buffer);
    Ok(Circle::decode(buffer)?)
}

fn encode(env: &Env, circle: &Circle) -> Result<Bytes, Error> {
    let mut buffer = [0; MAX_ENCODED];
    let length = circle.encode(&mut buffer)?;
    let encoded = buffer.get(..length).ok_or(Error::BadEncoding)?;
    Ok(Bytes::from_slice(env, encoded))
}
