//! Facing what the vault really holds: tokens sent unasked, tokens clawed back by the issuer.

use super::sharing::never_late;
use super::sum::{NOTHING, PARTIES, add, split_by, sub};
use super::{Circle, MAX_MEMBERS, Refusal, Store};
use crate::Amount;

/// What `sync` found, in minor units; one of them is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The vault held so much more than it must.
    pub surplus: Amount,
    /// The vault held so much less than it must.
    pub shortfall: Amount,
}

impl Synced {
    const NOTHING: Self = Self { surplus: Amount::ZERO, shortfall: Amount::ZERO };

    /// Whether books and vault agreed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::NOTHING
    }
}

/// The largest balance that is taken note of: half of all amounts. All that a circle takes in is a
/// quarter at most, so that both together can be counted.
const MOST: Amount = Amount::new(i64::MAX / 2);

impl<S: Store> Circle<S> {
    /// Makes the books agree with the vault's real `balance`.
    ///
    /// A surplus joins the reserve; once the circle is over, when nobody will split a reserve any more,
    /// it becomes credits like one. A shortfall takes from the reserve, then from the insurance, then
    /// from all other liabilities pro rata: instalments held, deposits, credits and claims, each
    /// recorded as lost by whose they are. Nobody is asked to pay again what was lost so.
    /// Afterwards [`Circle::liabilities`] is `balance`.
    ///
    /// # Errors
    /// [`Refusal::WrongAmount`] when `balance` is negative, [`Refusal::Finished`] when there is a
    /// surplus and the circle was cancelled without members, [`Refusal::Overflow`] when there is a
    /// surplus, and with it more than half of what can be counted.
    pub fn sync(&mut self, balance: Amount) -> Result<Synced, Refusal> {
        if balance < Amount::ZERO {
            return Err(Refusal::WrongAmount);
        }
        let liabilities = self.liabilities()?;
        if balance < liabilities {
            let shortfall = liabilities.checked_sub(balance)?;
            self.absorb(shortfall)?;
            return Ok(Synced { surplus: Amount::ZERO, shortfall });
        }
        if balance > MOST {
            return Err(Refusal::Overflow);
        }
        let surplus = balance.checked_sub(liabilities)?;
        self.distribute(surplus)?;
        Ok(Synced { surplus, shortfall: Amount::ZERO })
    }

    /// Before one is paid out of a vault that holds what is others' too: when it holds less than it must,
    /// everybody bears that first, as by [`Circle::sync`]; else who is paid first would lose nothing, and
    /// who comes last all of it. A surplus waits for [`Circle::sync`].
    ///
    /// # Errors
    /// As [`Circle::sync`].
    pub fn bear_shortfall(&mut self, balance: Amount) -> Result<Synced, Refusal> {
        if balance < self.liabilities()? { self.sync(balance) } else { Ok(Synced::NOTHING) }
    }

    /// Before a circle that [is finished](Circle::is_finished) is forgotten: what the vault holds all the
    /// same, sent unasked and not seen until now, becomes credits, and the circle goes on until they are
    /// pushed. Without members there is nobody to give it to.
    ///
    /// # Errors
    /// [`Refusal::WrongAmount`] when `balance` is negative.
    pub fn share_leftover(&mut self, balance: Amount) -> Result<Synced, Refusal> {
        if self.is_empty() || !self.is_finished() {
            return Ok(Synced::NOTHING);
        }
        self.sync(balance.min(MOST))
    }

    /// What of a `surplus` is each seat's, by seat, were it shared now: equal parts for those who were
    /// never late and stay to the end, for all if there are none. Without members it is nobody's.
    ///
    /// # Errors
    /// [`Refusal::Overflow`].
    pub fn surplus_parts(&self, surplus: Amount) -> Result<[Amount; MAX_MEMBERS], Refusal> {
        let mut parts = NOTHING;
        if !self.is_empty() {
            self.share_equally(surplus, never_late, &mut parts)?;
        }
        Ok(parts)
    }

    /// The part that `part` bears, which was held until just now, of what a shortfall took from all that
    /// was held.
    pub(super) fn take_held_lost(&mut self, part: Amount) -> Result<Amount, Refusal> {
        if self.held_lost.is_zero() {
            return Ok(Amount::ZERO);
        }
        let rest = self.held()?.checked_add(self.held_lost)?;
        let mut parts = [Amount::ZERO; 2];
        split_by(self.held_lost, &[part, rest], &mut parts)?;
        sub(&mut self.held_lost, parts[0])?;
        Ok(parts[0])
    }

    fn distribute(&mut self, surplus: Amount) -> Result<(), Refusal> {
        if !self.phase.is_over() {
            return add(&mut self.reserve, surplus);
        }
        if surplus.is_zero() {
            return Ok(());
        }
        if self.is_empty() {
            return Err(Refusal::Finished);
        }
        self.add_credits(&self.surplus_parts(surplus)?)
    }

    fn absorb(&mut self, mut loss: Amount) -> Result<(), Refusal> {
        for cushion in [&mut self.reserve, &mut self.fund] {
            let part = loss.min(*cushion);
            sub(cushion, part)?;
            sub(&mut loss, part)?;
        }
        let mut weights = [Amount::ZERO; PARTIES];
        // What is held belongs to those who paid it, less what was lost of it before.
        let held =
            self.amounts_of(|seat| seat.ahead.checked_add(seat.insured).unwrap_or(seat.ahead));
        let mut lost_before = NOTHING;
        split_by(self.held_lost, &held, &mut lost_before)?;
        let (of_held, rest) = weights.split_at_mut(MAX_MEMBERS);
        for ((weight, held), lost) in of_held.iter_mut().zip(held).zip(lost_before) {
            *weight = held.checked_sub(lost)?;
        }
        let (of_deposits, rest) = rest.split_at_mut(MAX_MEMBERS);
        let (of_credits, of_claims) = rest.split_at_mut(MAX_MEMBERS);
        for (index, ((deposit, credit), claim)) in
            (0..self.len).zip(of_deposits.iter_mut().zip(of_credits).zip(of_claims))
        {
            let seat = self.rows.seat(index);
            (*deposit, *credit, *claim) = (seat.deposit, seat.credit, seat.claimable);
        }
        let mut losses = [Amount::ZERO; PARTIES];
        split_by(loss, &weights, &mut losses)?;
        self.take_losses(&losses)
    }

    fn take_losses(&mut self, losses: &[Amount; PARTIES]) -> Result<(), Refusal> {
        let (of_held, rest) = losses.split_at(MAX_MEMBERS);
        let (of_deposits, rest) = rest.split_at(MAX_MEMBERS);
        let (of_credits, of_claims) = rest.split_at(MAX_MEMBERS);
        for (index, (((held, deposit), credit), claim)) in
            (0..self.len).zip(of_held.iter().zip(of_deposits).zip(of_credits).zip(of_claims))
        {
            let mut seat = self.rows.seat(index);
            add(&mut self.held_lost, *held)?;
            sub(&mut seat.deposit, *deposit)?;
            sub(&mut seat.credit, *credit)?;
            sub(&mut seat.claimable, *claim)?;
            for loss in [held, deposit, credit, claim] {
                add(&mut seat.lost, *loss)?;
            }
            self.put(index, &seat);
        }
        Ok(())
    }
}
