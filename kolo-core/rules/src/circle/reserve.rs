//! The reserve, and how it is shared at the end.

use super::state::PerSeat;
use super::{Circle, MAX_MEMBERS, Refusal, Seat};
use crate::Amount;
use crate::split::{Share, split};

impl Circle {
    /// Everybody's credit with their part of `total` added: equal parts for the `punctual` members, or
    /// for all if there are none.
    pub(super) fn credits_with(
        &self,
        total: Amount,
        punctual: impl FnMut(&Seat) -> bool,
    ) -> Result<PerSeat, Refusal> {
        let mut credits = share_equally(total, self.seats(), punctual)?;
        for (credit, seat) in credits.iter_mut().zip(self.seats()) {
            *credit = seat.credit.checked_add(*credit)?;
        }
        Ok(credits)
    }

    pub(super) fn set_credits(&mut self, credits: &PerSeat) {
        for (seat, credit) in self.seats_mut().iter_mut().zip(credits) {
            seat.credit = *credit;
        }
    }
}

/// `total` in equal parts for the `punctual` seats, or for all if there are none.
pub(super) fn share_equally(
    total: Amount,
    seats: &[Seat],
    punctual: impl FnMut(&Seat) -> bool,
) -> Result<PerSeat, Refusal> {
    let mut parts = [Amount::ZERO; MAX_MEMBERS];
    if total.is_zero() {
        return Ok(parts);
    }
    let mut shares = [Share::default(); MAX_MEMBERS];
    let shares = shares.get_mut(..seats.len()).ok_or(Refusal::Overflow)?;
    for ((order, share), punctual) in (0..).zip(&mut *shares).zip(seats.iter().map(punctual)) {
        *share = Share { order, weight: u64::from(punctual), amount: Amount::ZERO };
    }
    if shares.iter().all(|share| share.weight == 0) {
        for share in &mut *shares {
            share.weight = 1;
        }
    }
    split(total, shares)?;
    for (part, share) in parts.iter_mut().zip(shares) {
        *part = share.amount;
    }
    Ok(parts)
}
