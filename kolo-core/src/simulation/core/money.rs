//! Everybody's money, and what the asset and the network answer.

use kolo_rules::Amount;

use crate::simulation::reason::Reason;
use crate::simulation::scenario::{PersonPlan, Place};
use crate::simulation::stage::Outcome;

/// What an account can hold and has.
#[derive(Clone, Copy, Debug)]
pub struct Purse {
    balance: Amount,
    /// The trustline's limit; `None` without one.
    limit: Option<Amount>,
    frozen: bool,
}

impl Purse {
    pub fn of(person: &PersonPlan) -> Self {
        Self { balance: person.balance, limit: person.limit, frozen: false }
    }

    /// A vault: a contract holds without a trustline.
    const VAULT: Self = Self { balance: Amount::ZERO, limit: Some(Amount::MAX), frozen: false };

    fn accepts(&self, amount: Amount) -> Outcome {
        let limit = self.limit.ok_or(Reason::NoTrustline)?;
        if self.frozen {
            return Err(Reason::Frozen);
        }
        match self.balance.checked_add(amount) {
            Ok(after) if after <= limit => Ok(()),
            _ => Err(Reason::LimitReached),
        }
    }

    fn can_pay(&self, amount: Amount) -> Outcome {
        if self.limit.is_none() {
            return Err(Reason::NoTrustline);
        }
        if self.frozen {
            return Err(Reason::Frozen);
        }
        if self.balance < amount { Err(Reason::BalanceTooLow) } else { Ok(()) }
    }

    fn add(&mut self, amount: Amount) -> Outcome {
        self.balance = self.balance.checked_add(amount).map_err(|_| Reason::LimitReached)?;
        Ok(())
    }

    fn take(&mut self, amount: Amount) -> Outcome {
        self.balance = self.balance.checked_sub(amount).map_err(|_| Reason::BalanceTooLow)?;
        Ok(())
    }
}

/// What people and vaults have.
#[derive(Clone, Debug)]
pub struct Purses {
    people: Vec<Purse>,
    vaults: Vec<Purse>,
}

impl Purses {
    pub fn new(people: Vec<Purse>, vaults: usize) -> Self {
        Self { people, vaults: vec![Purse::VAULT; vaults] }
    }

    pub fn balances(&self) -> Vec<Amount> {
        self.people.iter().map(|purse| purse.balance).collect()
    }

    pub fn vault(&self, circle: usize) -> Amount {
        self.vaults.get(circle).map_or(Amount::ZERO, |vault| vault.balance)
    }

    /// A member pays the circle.
    pub fn pay_in(&mut self, who: usize, circle: usize, amount: Amount) -> Outcome {
        self.get(Place::Person(who))?.can_pay(amount).map_err(|why| match why {
            Reason::BalanceTooLow => Reason::NotEnoughMoney,
            _ => Reason::PaymentRefused,
        })?;
        let vault = self.get(Place::Vault(circle))?;
        vault.accepts(amount).map_err(|_| Reason::PaymentRefused)?;
        self.transfer(Place::Person(who), Place::Vault(circle), amount)
    }

    /// One person pays another directly, with both their signatures.
    pub fn pass_on(&mut self, from: usize, to: usize, amount: Amount) -> Outcome {
        if amount.is_zero() {
            return Ok(());
        }
        let (from, to) = (Place::Person(from), Place::Person(to));
        self.get(from)?.can_pay(amount).map_err(|_| Reason::PaymentRefused)?;
        self.get(to)?.accepts(amount).map_err(|_| Reason::PaymentRefused)?;
        self.transfer(from, to, amount)
    }

    /// The circle pays a person: whether it reached them.
    pub fn deliver(&mut self, circle: usize, who: usize, amount: Amount) -> Result<bool, Reason> {
        if amount.is_zero() {
            return Ok(true);
        }
        let (vault, person) = (Place::Vault(circle), Place::Person(who));
        if self.get(vault)?.balance < amount {
            return Err(Reason::VaultShort);
        }
        if self.get(vault)?.frozen || self.get(person)?.accepts(amount).is_err() {
            return Ok(false);
        }
        self.transfer(vault, person, amount)?;
        Ok(true)
    }

    pub fn send(&mut self, from: usize, to: Place, amount: Amount) -> Outcome {
        let from = Place::Person(from);
        let payer = self.get(from)?.can_pay(amount);
        let payee = self.get(to)?.accepts(amount);
        match to {
            // The network looks at the recipient first, the asset's contract at the payer.
            Place::Person(_) => payee.and(payer)?,
            Place::Vault(_) => payer.and(payee)?,
        }
        self.transfer(from, to, amount)
    }

    pub fn mint(&mut self, to: Place, amount: Amount) -> Outcome {
        self.get(to)?.accepts(amount)?;
        self.get_mut(to)?.add(amount)
    }

    pub fn claw_back(&mut self, from: Place, amount: Amount) -> Outcome {
        let purse = self.get_mut(from)?;
        if purse.limit.is_none() {
            return Err(Reason::NoTrustline);
        }
        if purse.balance < amount {
            return Err(Reason::BalanceTooLow);
        }
        purse.take(amount)
    }

    pub fn freeze(&mut self, place: Place, frozen: bool) -> Outcome {
        let purse = self.get_mut(place)?;
        if purse.limit.is_none() {
            return Err(Reason::NoTrustline);
        }
        purse.frozen = frozen;
        Ok(())
    }

    pub fn trustline(&mut self, who: usize, limit: Option<Amount>) -> Outcome {
        let purse = self.get_mut(Place::Person(who))?;
        match limit.filter(|limit| limit.is_positive()) {
            Some(limit) if limit >= purse.balance => purse.limit = Some(limit),
            None if purse.limit.is_some() && purse.balance.is_zero() => {
                *purse = Purse { limit: None, frozen: false, ..*purse };
            }
            _ => return Err(Reason::BadLimit),
        }
        Ok(())
    }

    fn transfer(&mut self, from: Place, to: Place, amount: Amount) -> Outcome {
        self.get_mut(from)?.take(amount)?;
        self.get_mut(to)?.add(amount)
    }

    fn get(&self, place: Place) -> Result<&Purse, Reason> {
        let purse = match place {
            Place::Person(who) => self.people.get(who),
            Place::Vault(circle) => self.vaults.get(circle),
        };
        purse.ok_or(Reason::NoTrustline)
    }

    fn get_mut(&mut self, place: Place) -> Result<&mut Purse, Reason> {
        let purse = match place {
            Place::Person(who) => self.people.get_mut(who),
            Place::Vault(circle) => self.vaults.get_mut(circle),
        };
        purse.ok_or(Reason::NoTrustline)
    }
}
