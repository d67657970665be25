//! What a step has the circle do.
use alloc::vec::Vec as List;

use kolo_contract_common::{Error, answer};
use kolo_rules::Amount;
use soroban_sdk::{Address, Bytes, BytesN, Env, IntoVal, Val, Vec, events::Event};

use crate::book::units;

/// What a transfer that fails means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// The payer, who signs, has not got it.
    Payer,
    /// One of two who both sign cannot pay, or be paid.
    Either,
    /// The recipient cannot be paid now, and nothing changes.
    Recipient,
    /// The recipient cannot be paid now: this seat gets a credit.
    Credits(u8),
}

impl Failing {
    /// The seat to credit, and the errors for too little money and for a trustline.
    const fn codes(self) -> (u32, Error, Error) {
        match self {
            Self::Payer => (answer::NOBODY, Error::NotEnoughMoney, Error::PaymentRefused),
            Self::Either => (answer::NOBODY, Error::PaymentRefused, Error::PaymentRefused),
            Self::Recipient => (answer::NOBODY, Error::Undeliverable, Error::Undeliverable),
            Self::Credits(seat) => (seat as u32, Error::Undeliverable, Error::Undeliverable),
        }
    }
}

/// The circle's entries after a step.
pub struct Entries {
    /// If it changed; empty when the circle is over.
    pub state: Option<Bytes>,
    /// If they changed.
    pub members: Option<Bytes>,
    /// If it changed.
    pub pending: Option<Bytes>,
}

/// What a step has the circle do, in order.
#[derive(Default)]
pub struct Effects {
    transfers: List<Val>,
    events: List<Val>,
    pub code: Option<BytesN<32>>,
}

impl Effects {
    pub fn transfer(
        &mut self,
        env: &Env,
        from: &Address,
        to: &Address,
        amount: Amount,
        failing: Failing,
    ) {
        let args: Vec<Val> = (from, to, units(amount)).into_val(env);
        let (seat, balance, trustline) = failing.codes();
        self.transfers.extend::<[Val; 4]>([
            args.into_val(env),
            seat.into_val(env),
            (balance as u32).into_val(env),
            (trustline as u32).into_val(env),
        ]);
    }

    pub fn announce(&mut self, env: &Env, event: &impl Event) {
        self.events.extend::<[Val; 2]>([event.topics(env).into_val(env), event.data(env)]);
    }

    /// What the circle is to do, in the places of `answer`.
    pub fn into_values(self, env: &Env, entries: Entries, balance: Option<Amount>) -> [Val; 7] {
        [
            entries.state.into_val(env),
            entries.members.into_val(env),
            entries.pending.into_val(env),
            self.code.into_val(env),
            balance.map(units).into_val(env),
            Vec::from_slice(env, &self.transfers).into_val(env),
            Vec::from_slice(env, &self.events).into_val(env),
        ]
    }
}
