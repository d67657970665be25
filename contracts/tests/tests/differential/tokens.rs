//! Everybody's tokens, and what the token answers.
use kolo_circle::Error;
use kolo_contract_tests::Failure;
use kolo_rules::{
    Amount,
    circle::{Effect, Step},
};

use crate::model::{Model, Outcome, refuse};

/// What an account can hold and has.
#[derive(Clone, Debug)]
pub struct Purse {
    pub balance: i64,
    /// The trustline's limit; `None` without one.
    pub limit: Option<i64>,
    pub frozen: bool,
}

impl Purse {
    fn accepts(&self, amount: i64) -> bool {
        let room = self.limit.map(|limit| limit - self.balance);
        !self.frozen && room.is_some_and(|room| amount <= room)
    }
}

/// A transfer that somebody has to sign for together with the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub from: usize,
    /// `None`: to the circle.
    pub to: Option<usize>,
    pub amount: i64,
}

impl Model {
    pub fn pay_in(&mut self, who: usize, amount: Amount, transfers: &mut Vec<Transfer>) -> Outcome {
        let amount = amount.minor_units();
        transfers.push(Transfer { from: who, to: None, amount });
        let purse = &mut self.purses[who];
        if purse.frozen || purse.limit.is_none() {
            return refuse(Error::PaymentRefused);
        }
        if purse.balance < amount {
            return refuse(Error::NotEnoughMoney);
        }
        if self.vault_frozen {
            return refuse(Error::PaymentRefused);
        }
        purse.balance -= amount;
        self.vault += amount;
        Ok(())
    }

    pub fn pass_on(
        &mut self,
        from: usize,
        to: usize,
        amount: i64,
        transfers: &mut Vec<Transfer>,
    ) -> Outcome {
        if amount == 0 {
            return Ok(());
        }
        transfers.push(Transfer { from, to: Some(to), amount });
        let payer = &self.purses[from];
        if payer.frozen || payer.limit.is_none() || payer.balance < amount {
            return refuse(Error::PaymentRefused);
        }
        if !self.purses[to].accepts(amount) {
            return refuse(Error::PaymentRefused);
        }
        self.purses[from].balance -= amount;
        self.purses[to].balance += amount;
        Ok(())
    }

    /// Whether it reached them.
    pub fn deliver(&mut self, who: usize, amount: i64) -> Result<bool, Failure> {
        if amount == 0 {
            return Ok(true);
        }
        if self.vault < amount {
            return refuse(Error::VaultShort);
        }
        if self.vault_frozen || !self.purses[who].accepts(amount) {
            return Ok(false);
        }
        self.vault -= amount;
        self.purses[who].balance += amount;
        Ok(true)
    }

    pub fn pay_or_credit(&mut self, seat: u8, amount: Amount) -> Outcome {
        let who = self.members[usize::from(seat)];
        if !self.deliver(who, amount.minor_units())? {
            self.step(&Step::Credit { seat, amount })?;
        }
        Ok(())
    }

    pub fn deliver_or_refuse(&mut self, who: usize, effect: &Effect) -> Outcome {
        let Effect::Delivered(parts) = effect else { panic!("a delivery did {effect:?}") };
        let amount = parts.iter().map(|part| part.minor_units()).sum();
        if self.deliver(who, amount)? { Ok(()) } else { refuse(Error::Undeliverable) }
    }
}
