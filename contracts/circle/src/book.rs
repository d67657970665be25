use alloc::boxed::Box;

use kolo_contract_common::Error;
use kolo_rules::{
    Amount, Circle, Rules,
    circle::{Packed, Phase, RULES_LEN},
};
use soroban_sdk::{Address, Bytes, BytesN, Env};

use crate::{
    closing,
    members::{Members, People},
    storage::{self, Key},
    vault::{self, Delivery},
};

/// A circle as it is between reading it and writing it back.
pub struct Book<'a> {
    pub env: &'a Env,
    /// In a box, as is the circle: they are large, and moved around with the book.
    pub rules: Box<Rules>,
    pub asset: Address,
    pub members: Members,
    pub circle: Box<Circle<&'a mut Packed>>,
    pub now: u64,
}

impl<'a> Book<'a> {
    /// Reads the circle into `packed` and prolongs what it read.
    ///
    /// # Errors
    /// `Finished` when there is none any more.
    pub fn open(env: &'a Env, packed: &'a mut Packed) -> Result<Self, Error> {
        let state = storage::state(env)?;
        let length = usize::try_from(state.len()).map_err(|_| Error::BadEncoding)?;
        state.copy_into_slice(packed.buffer(length));
        let circle = Box::new(packed.open()?);
        let rules: BytesN<RULES_LEN> = storage::kept(env, Key::Rules)?;
        let rules = Box::new(Rules::decode_trusted(&rules.to_array())?);
        let members = Members(People::of(&storage::kept(env, Key::Members)?));
        storage::extend(env);
        let asset = storage::kept(env, Key::Asset)?;
        Ok(Self { env, rules, asset, members, circle, now: env.ledger().timestamp() })
    }

    /// Writes the state back, or deletes everything when nothing is left to do, also of what was sent
    /// unasked.
    pub fn close(mut self) -> Result<(), Error> {
        let over = !matches!(self.circle.phase, Phase::Active | Phase::Forming);
        if over && self.circle.is_finished() {
            let synced = self.circle.share_leftover(self.balance()?)?;
            closing::announce_synced(self.env, synced);
            if synced.is_nothing() {
                storage::delete_all(self.env);
                return Ok(());
            }
        }
        let state = Bytes::from_slice(self.env, self.circle.close()?);
        self.env.storage().persistent().set(&Key::State, &state);
        Ok(())
    }

    /// Writes members and state back, after a seat was taken or left.
    pub fn close_with_members(self) -> Result<(), Error> {
        storage::set_members(self.env, &Bytes::from_slice(self.env, self.members.0.bytes()));
        self.close()
    }

    pub fn address(&self, seat: u8) -> Result<Address, Error> {
        self.members.address(self.env, seat)
    }

    pub fn seat(&self, member: &Address) -> Result<u8, Error> {
        self.members.seat(member)
    }

    /// What the vault holds.
    pub fn balance(&self) -> Result<Amount, Error> {
        vault::balance(self.env, &self.asset)
    }

    /// Before one is paid out of what is others' too: what an issuer took is borne by all.
    pub fn bear_shortfall(&mut self) -> Result<(), Error> {
        let synced = self.circle.bear_shortfall(self.balance()?)?;
        closing::announce_synced(self.env, synced);
        Ok(())
    }

    /// Pays a member, or keeps it as their credit when they cannot be paid now. Says whether it did.
    pub fn pay_or_credit(&mut self, seat: u8, to: &Address, amount: Amount) -> Result<bool, Error> {
        match vault::deliver(self.env, &self.asset, to, amount)? {
            Delivery::Delivered => Ok(false),
            Delivery::Undeliverable => {
                self.circle.credit(seat, amount)?;
                Ok(true)
            }
        }
    }
}

/// A round as the rules count them. None has a number beyond one byte.
pub fn round(round: u32) -> Result<u8, Error> {
    u8::try_from(round).map_err(|_| Error::WrongRound)
}

/// A turn as the rules count them.
pub fn turn(turn: Option<u32>) -> Result<Option<u8>, Error> {
    turn.map(u8::try_from).transpose().map_err(|_| Error::BadTurn)
}

/// An amount as events carry it.
pub fn units(amount: Amount) -> i128 {
    i128::from(amount.minor_units())
}
