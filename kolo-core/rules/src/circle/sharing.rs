//! What is over, and how it is shared.

use super::sum::{NOTHING, PerSeat, add, at, pro_rata, set};
use super::{Circle, Refusal, Seat, Store};
use crate::Amount;

impl<S: Store> Circle<S> {
    /// `total` in equal parts for the `punctual` seats, or for all if there are none, on top of
    /// `parts`.
    pub(super) fn share_equally(
        &self,
        total: Amount,
        punctual: impl Fn(&Seat) -> bool,
        parts: &mut PerSeat,
    ) -> Result<(), Refusal> {
        if total.is_zero() {
            return Ok(());
        }
        let mut takers = (0..self.len).fold(0_u64, |takers, index| {
            takers | u64::from(punctual(&self.rows.seat(index))) << index
        });
        if takers == 0 {
            takers = u64::MAX;
        }
        // Equal parts by largest remainder: what cannot be divided goes to the first, one unit each.
        let takes = |index: u8| takers >> index & 1 == 1;
        let count = (0..self.len).filter(|index| takes(*index)).count();
        let count = i64::try_from(count).map_err(|_| Refusal::Overflow)?;
        let each = total.minor_units().checked_div(count).ok_or(Refusal::Overflow)?;
        let mut over = total.minor_units().checked_rem(count).ok_or(Refusal::Overflow)?;
        for (index, part) in (0..self.len).zip(parts) {
            if takes(index) {
                add(part, Amount::new(each))?;
                add(part, Amount::new(i64::from(over > 0)))?;
                over -= 1;
            }
        }
        Ok(())
    }

    /// Everybody's credit grows by their part.
    pub(super) fn add_credits(&mut self, parts: &PerSeat) -> Result<(), Refusal> {
        for (index, part) in (0..self.len).zip(parts) {
            if part.is_positive() {
                let mut seat = self.rows.seat(index);
                add(&mut seat.credit, *part)?;
                self.put(index, &seat);
            }
        }
        Ok(())
    }

    /// `amount` for those who miss something of their claims, in proportion; what is more than all of
    /// them miss is shared like a reserve. It waits to be claimed.
    pub(super) fn cover_claims(&mut self, amount: Amount) -> Result<(), Refusal> {
        if amount.is_zero() {
            return Ok(());
        }
        let (mut uncovered, mut missing) = (NOTHING, Amount::ZERO);
        for (index, slot) in (0..self.len).zip(&mut uncovered) {
            *slot = self.rows.seat(index).uncovered;
            add(&mut missing, *slot)?;
        }
        let covering = amount.min(missing);
        let covered = pro_rata(covering, &uncovered)?;
        let mut claimable = covered;
        let excess = amount.checked_sub(covering)?;
        self.share_equally(excess, never_late, &mut claimable)?;
        for (index, uncovered) in uncovered.iter_mut().enumerate() {
            *uncovered = uncovered.checked_sub(at(&covered, index))?;
        }
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            add(&mut seat.claimable, at(&claimable, usize::from(index)))?;
            seat.uncovered = at(&uncovered, usize::from(index));
            self.put(index, &seat);
        }
        Ok(())
    }

    /// The amounts `of` every seat.
    pub(super) fn amounts_of(&self, of: impl Fn(&Seat) -> Amount) -> PerSeat {
        let mut amounts = NOTHING;
        for index in 0..self.len {
            set(&mut amounts, usize::from(index), of(&self.rows.seat(index)));
        }
        amounts
    }
}

/// `total` by `weights`, on top of `parts`.
pub(super) fn share_by(
    total: Amount,
    weights: &PerSeat,
    parts: &mut PerSeat,
) -> Result<(), Refusal> {
    let shares = pro_rata(total, weights)?;
    for (part, share) in parts.iter_mut().zip(shares) {
        add(part, share)?;
    }
    Ok(())
}

/// Who has a part in the reserve: members to the end who never paid late.
pub(super) fn never_late(seat: &Seat) -> bool {
    seat.late == 0 && seat.left_after == 0
}
