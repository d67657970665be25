//! Facing what the vault really holds: tokens sent unasked, tokens clawed back by the issuer.

use super::state::PerSeat;
use super::{Circle, MAX_MEMBERS, Phase, Refusal};
use crate::Amount;
use crate::split::{Share, split};

/// What `sync` found, in minor units; one of them is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The vault held so much more than it must.
    pub surplus: Amount,
    /// The vault held so much less than it must.
    pub shortfall: Amount,
}

/// All liabilities but the reserve, as parties to a loss: rounds, then credits, then claims.
const PARTIES: usize = 3 * MAX_MEMBERS;

impl Circle {
    /// Makes the books agree with the vault's real `balance`.
    ///
    /// A surplus joins the reserve; once the circle is over, when nobody will split a reserve any more,
    /// it becomes credits like one. A shortfall takes from the reserve, then from all other liabilities
    /// pro rata: what is held for rounds (recorded as lost by those who paid into them), credits and
    /// claims. Afterwards [`Circle::liabilities`] is `balance`.
    ///
    /// # Errors
    /// [`Refusal::WrongAmount`] when `balance` is negative, [`Refusal::Finished`] when there is a
    /// surplus and the circle was cancelled without members, [`Refusal::Overflow`].
    pub fn sync(&mut self, balance: Amount) -> Result<Synced, Refusal> {
        if balance < Amount::ZERO {
            return Err(Refusal::WrongAmount);
        }
        let difference = balance.checked_sub(self.liabilities()?)?;
        if difference < Amount::ZERO {
            let shortfall = Amount::ZERO.checked_sub(difference)?;
            self.absorb(shortfall)?;
            return Ok(Synced { surplus: Amount::ZERO, shortfall });
        }
        self.distribute(difference)?;
        Ok(Synced { surplus: difference, shortfall: Amount::ZERO })
    }

    fn distribute(&mut self, surplus: Amount) -> Result<(), Refusal> {
        if surplus.is_zero() {
            return Ok(());
        }
        match self.phase {
            Phase::Forming | Phase::Active => {
                self.reserve = self.reserve.checked_add(surplus)?;
            }
            Phase::Completed | Phase::Dissolved | Phase::Cancelled => {
                if self.is_empty() {
                    return Err(Refusal::Finished);
                }
                let credits = self.credits_with(surplus, |seat| seat.late == 0)?;
                self.set_credits(&credits);
            }
        }
        Ok(())
    }

    fn absorb(&mut self, shortfall: Amount) -> Result<(), Refusal> {
        let from_reserve = shortfall.min(self.reserve);
        let reserve = self.reserve.checked_sub(from_reserve)?;
        let losses = self.losses(shortfall.checked_sub(from_reserve)?)?;
        let (of_rounds, of_seats) = losses.split_at(MAX_MEMBERS);
        let (of_credits, of_claims) = of_seats.split_at(MAX_MEMBERS);
        let mut lost = self.payers_losses(of_rounds)?;
        for (((lost, seat), credit), claim) in
            lost.iter_mut().zip(self.seats()).zip(of_credits).zip(of_claims)
        {
            *lost = lost.checked_add(*credit)?.checked_add(*claim)?.checked_add(seat.lost)?;
        }

        // Nobody loses more than they have: a split of no more than all weights.
        self.reserve = reserve;
        for (held, loss) in self.held.iter_mut().zip(of_rounds) {
            *held = held.checked_sub(*loss)?;
        }
        for (((seat, lost), credit), claim) in
            self.seats_mut().iter_mut().zip(lost).zip(of_credits).zip(of_claims)
        {
            seat.lost = lost;
            seat.credit = seat.credit.checked_sub(*credit)?;
            seat.claimable = seat.claimable.checked_sub(*claim)?;
        }
        Ok(())
    }

    /// A loss, split over all liabilities but the reserve.
    fn losses(&self, loss: Amount) -> Result<[Amount; PARTIES], Refusal> {
        let mut shares = [Share::default(); PARTIES];
        let credits = self.seats.iter().map(|seat| seat.credit);
        let claims = self.seats.iter().map(|seat| seat.claimable);
        let liabilities = self.held.iter().copied().chain(credits).chain(claims);
        for ((order, share), liability) in (0..).zip(&mut shares).zip(liabilities) {
            let weight = u64::try_from(liability.minor_units()).map_err(|_| Refusal::Overflow)?;
            *share = Share { order, weight, amount: Amount::ZERO };
        }
        split(loss, &mut shares)?;
        Ok(shares.map(|share| share.amount))
    }

    /// What rounds lost, by who paid into them.
    fn payers_losses(&self, of_rounds: &[Amount]) -> Result<PerSeat, Refusal> {
        let mut lost = [Amount::ZERO; MAX_MEMBERS];
        for (round, loss) in (1..=self.len).zip(of_rounds) {
            if loss.is_zero() {
                continue;
            }
            let mut shares = [Share::default(); MAX_MEMBERS];
            for ((order, share), seat) in (0..).zip(&mut shares).zip(self.seats()) {
                let weight = u64::from(seat.paid_in(round));
                *share = Share { order, weight, amount: Amount::ZERO };
            }
            split(*loss, &mut shares)?;
            for (lost, share) in lost.iter_mut().zip(shares) {
                *lost = lost.checked_add(share.amount)?;
            }
        }
        Ok(lost)
    }
}
