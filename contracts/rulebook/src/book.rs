use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;

use kolo_contract_common::Error;
use kolo_rules::{
    Amount, Circle, Rules,
    circle::{Packed, Phase, RULES_LEN, Synced},
};
use soroban_sdk::{Address, Bytes, BytesN, Env, Val, events::Event, token::TokenClient};

use crate::{
    closing,
    effects::{Effects, Entries, Failing},
    members::Members,
    pending::Pending,
};

/// The circle that asks: its address, organiser, asset, rules, members, state, and what waits.
pub type Asking = (Address, Address, Address, BytesN<RULES_LEN>, Bytes, Bytes, Option<Bytes>);

/// When it asks again: a bit for each seat that could not be paid (of the first 32, of the rest), and what the
/// vault had held.
pub type Again = (u32, u32, Option<i128>);

/// A circle as it is between reading it and answering.
pub struct Book<'a> {
    pub env: &'a Env,
    pub at: Address,
    pub organiser: Address,
    pub asset: Address,
    pub terms: BytesN<RULES_LEN>,
    /// In a box, as is the circle: they are large, and moved around with the book.
    pub rules: Box<Rules>,
    pub members: Members,
    pub pending: Pending,
    pub circle: Box<Circle<&'a mut Packed>>,
    pub now: u64,
    effects: Effects,
    /// Who must have signed, even if it is refused.
    signers: &'a mut Vec<Address>,
    /// What the vault held before the step, once it was asked for.
    held: Cell<Option<Amount>>,
    /// What the step has taken in so far, and paid out.
    moved: (Amount, Amount),
    undelivered: u64,
    /// The state before the step.
    before: Vec<u8>,
}

impl<'a> Book<'a> {
    /// Reads the circle into `packed`.
    ///
    /// # Errors
    /// `BadEncoding` for bytes that are no circle's.
    pub fn open(
        env: &'a Env,
        asking: &Asking,
        again: Option<Again>,
        packed: &'a mut Packed,
        signers: &'a mut Vec<Address>,
    ) -> Result<Self, Error> {
        let (at, organiser, asset, terms, members, state, pending) = asking.clone();
        let length = usize::try_from(state.len()).map_err(|_| Error::BadEncoding)?;
        let circle = if length == 0 {
            Circle::with_rows(packed)
        } else {
            state.copy_into_slice(packed.buffer(length));
            packed.open()?
        };
        let before = state.to_alloc_vec();
        let (low, high, held) = again.unwrap_or((0, 0, None));
        let undelivered = u64::from(high) << 32 | u64::from(low);
        let held = held.map(|held| amount(held).unwrap_or(Amount::MAX));
        Ok(Self {
            env,
            at,
            organiser,
            asset,
            rules: Box::new(Rules::decode_trusted(&terms.to_array())?),
            terms,
            members: Members::of(&members),
            pending: Pending::decode(pending.as_ref())?,
            circle: Box::new(circle),
            now: env.ledger().timestamp(),
            effects: Effects::default(),
            signers,
            held: Cell::new(held),
            moved: (Amount::ZERO, Amount::ZERO),
            undelivered,
            before,
        })
    }

    /// What the circle is to do. When nothing is left to do, also of what was sent unasked, it deletes
    /// everything.
    pub fn close(mut self) -> Result<[Val; 7], Error> {
        let over = !matches!(self.circle.phase, Phase::Active | Phase::Forming);
        let mut ends = false;
        if over && self.circle.is_finished() {
            let synced = self.circle.share_leftover(self.balance()?)?;
            self.announce_synced(synced);
            ends = synced.is_nothing();
        }
        let state: &[u8] = if ends { &[] } else { self.circle.close()? };
        // An entry that is written costs half as much again as an invitation.
        let state = (state != self.before).then(|| Bytes::from_slice(self.env, state));
        let pending = self.pending.encode(self.env)?;
        let members = self.members.changed(self.env);
        let entries = Entries { state, members, pending };
        Ok(self.effects.into_values(self.env, entries, self.held.get()))
    }

    /// Whether there is no circle yet.
    pub const fn is_new(&self) -> bool {
        self.before.is_empty()
    }

    pub fn address(&self, seat: u8) -> Result<Address, Error> {
        self.members.address(self.env, seat)
    }

    pub fn seat(&self, member: &Address) -> Result<u8, Error> {
        self.members.seat(member)
    }

    /// They must have signed the call.
    pub fn signed_by(&mut self, signer: &Address) {
        self.signers.push(signer.clone());
    }

    /// The organiser must have signed the call.
    pub fn signed_by_organiser(&mut self) {
        self.signers.push(self.organiser.clone());
    }

    pub fn announce(&mut self, event: &impl Event) {
        self.effects.announce(self.env, event);
    }

    /// The circle is to run this code.
    pub fn change_code(&mut self, code: BytesN<32>) {
        self.effects.code = Some(code);
    }

    /// What the vault holds now: what it held before the step, and what the step moved since. (More than
    /// can be counted counts as the most that can.) Reading it prolongs the token's own entry of it: to 30
    /// days, whenever fewer than 29 are left.
    pub fn balance(&self) -> Result<Amount, Error> {
        let held = match self.held.get() {
            Some(held) => held,
            None => self.read_balance()?,
        };
        let (taken, paid) = self.moved;
        let held = held.checked_add(taken).unwrap_or(Amount::MAX);
        held.checked_sub(paid).map_err(|_| Error::VaultShort)
    }

    fn read_balance(&self) -> Result<Amount, Error> {
        let token = TokenClient::new(self.env, &self.asset);
        let Ok(Ok(held)) = token.try_balance(&self.at) else { return Err(Error::TokenFailed) };
        let held = amount(held).unwrap_or(Amount::MAX);
        self.held.set(Some(held));
        Ok(held)
    }

    /// Before one is paid out of what is others' too: what an issuer took is borne by all.
    pub fn bear_shortfall(&mut self) -> Result<(), Error> {
        let synced = self.circle.bear_shortfall(self.balance()?)?;
        self.announce_synced(synced);
        Ok(())
    }

    /// Says what changed in the books, if anything did.
    pub fn announce_synced(&mut self, synced: Synced) {
        closing::announce_synced(self, synced);
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

    /// Takes a member's payment; their signature on the call covers it.
    pub fn take_in(&mut self, from: &Address, amount: Amount) -> Result<(), Error> {
        let (env, vault) = (self.env, self.at.clone());
        self.effects.transfer(env, from, &vault, amount, Failing::Payer);
        self.moved.0 = self.moved.0.checked_add(amount).map_err(|_| Error::Overflow)?;
        Ok(())
    }

    /// Passes money from one person to another, who both sign for it; it never is the vault's.
    pub fn pass_on(&mut self, from: &Address, to: &Address, amount: Amount) {
        if !amount.is_zero() {
            self.effects.transfer(self.env, from, to, amount, Failing::Either);
        }
    }

    /// Pays a member or refuses, where the money stays theirs in any case.
    pub fn pay(&mut self, to: &Address, amount: Amount) -> Result<(), Error> {
        self.pay_out(to, amount, Failing::Recipient)
    }

    /// Pays a member, or keeps it as their credit when they cannot be paid now. Says whether it did.
    ///
    /// # Errors
    /// `VaultShort` when the vault does not hold it: that says nothing about the recipient.
    pub fn pay_or_credit(&mut self, seat: u8, to: &Address, amount: Amount) -> Result<bool, Error> {
        if amount.is_zero() {
            return Ok(false);
        }
        if self.balance()? < amount {
            return Err(Error::VaultShort);
        }
        let credited = self.undelivered & 1_u64.checked_shl(seat.into()).unwrap_or(0) != 0;
        if credited {
            self.circle.credit(seat, amount)?;
        } else {
            self.pay_out(to, amount, Failing::Credits(seat))?;
        }
        Ok(credited)
    }

    fn pay_out(&mut self, to: &Address, amount: Amount, failing: Failing) -> Result<(), Error> {
        let (env, vault) = (self.env, self.at.clone());
        self.effects.transfer(env, &vault, to, amount, failing);
        self.moved.1 = self.moved.1.checked_add(amount).map_err(|_| Error::Overflow)?;
        Ok(())
    }
}

/// An amount from outside.
pub fn amount(amount: i128) -> Result<Amount, Error> {
    i64::try_from(amount).map(Amount::new).map_err(|_| Error::BadAmount)
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
