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

    /// Takes a step that pays out or settles, and [asks](Self::require_covered) whether it may. When an
    /// issuer has taken too much for that, all bear it before anything is shared: the step is undone, and
    /// taken again.
    pub fn take<T>(
        mut self,
        step: impl Fn(&mut Self) -> Result<T, Error>,
    ) -> Result<(Self, T), Error> {
        match step(&mut self) {
            Err(Error::VaultShort) => {
                let mut again = Self::open(self.env, (*self.circle).into_buffer())?;
                again.bear_shortfall()?;
                let done = step(&mut again)?;
                Ok((again, done))
            }
            done => Ok((self, done?)),
        }
    }

    /// [Takes](Self::take) a step that pays nobody, but may be the circle's last.
    pub fn settle<T>(
        self,
        step: impl Fn(&mut Self) -> Result<T, Error>,
    ) -> Result<(Self, T), Error> {
        self.take(|book| {
            let done = step(book)?;
            book.require_covered(Amount::ZERO)?;
            Ok(done)
        })
    }

    /// Whether the vault holds what is owed besides what is `paid` out now. Read only when that could be
    /// made up of what is others', or when the circle is over and what it has was shared out; else there
    /// is nothing to protect, and a balance is dear to read.
    ///
    /// # Errors
    /// `VaultShort` when it does not.
    pub fn require_covered(&self, paid: Amount) -> Result<(), Error> {
        if paid.is_zero() && !self.circle.phase.is_over() {
            return Ok(());
        }
        let others = self.circle.liabilities()?;
        let owed = others.checked_add(paid).map_err(|_| Error::Overflow)?;
        let covered = others.is_zero() || self.balance()? >= owed;
        if covered { Ok(()) } else { Err(Error::VaultShort) }
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
