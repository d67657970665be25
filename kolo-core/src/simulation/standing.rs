//! What a person owes, is owed and has waiting in a circle, as it stands.

use kolo_rules::circle::Debt;
use kolo_rules::split::{Share, split};
use kolo_rules::{Amount, Circle, Refusal};

/// A person's figures in one circle, or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What they owe: for rounds, to the insurance, fees, and to those who miss something.
    pub debts: Amount,
    /// What others owe them.
    pub claims: Amount,
    /// What waits in the vault to be pushed to them or claimed by them.
    pub waiting: Amount,
    /// Their security in the vault.
    pub deposits: Amount,
}

impl Standing {
    /// Of a seat.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::Overflow`].
    pub fn of(circle: &Circle, seat: u8) -> Result<Self, Refusal> {
        let row = circle.seat(seat).ok_or(Refusal::NotMember)?;
        Ok(Self {
            debts: circle.debt(seat)?,
            claims: row.uncovered.checked_add(owed_for_rounds(circle, seat)?)?,
            waiting: row.credit.checked_add(row.claimable)?,
            deposits: row.deposit,
        })
    }

    /// Both together.
    ///
    /// # Errors
    /// [`Refusal::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, Refusal> {
        Ok(Self {
            debts: self.debts.checked_add(other.debts)?,
            claims: self.claims.checked_add(other.claims)?,
            waiting: self.waiting.checked_add(other.waiting)?,
            deposits: self.deposits.checked_add(other.deposits)?,
        })
    }
}

/// What others did not pay for rounds, and owe to this seat.
fn owed_for_rounds(circle: &Circle, seat: u8) -> Result<Amount, Refusal> {
    let mut owed = Amount::ZERO;
    for debt in circle.debts() {
        for round in debt.first..=debt.last {
            owed = owed.checked_add(part_of_debt(circle, debt, round, seat)?)?;
        }
    }
    Ok(owed)
}

/// Of what one debtor owes for one round: the recipient's, or if it was won by a bid, an equal part of
/// all who took part. What who has left owes to a recipient is void.
fn part_of_debt(circle: &Circle, debt: &Debt, round: u8, seat: u8) -> Result<Amount, Refusal> {
    if circle.is_won_by_bid(round) {
        let takes_part = |index: u8| {
            let row = circle.seat(index);
            row.is_some_and(|row| row.left_after == 0 || row.left_after >= round)
        };
        let takers: Vec<u8> = (0..circle.len()).filter(|index| takes_part(*index)).collect();
        let share =
            |index: &u8| Share { order: u32::from(*index), weight: 1, amount: Amount::ZERO };
        let mut shares: Vec<Share> = takers.iter().map(share).collect();
        split(debt.to_member, &mut shares)?;
        let own = takers.iter().zip(&shares).find(|(index, _)| **index == seat);
        return Ok(own.map_or(Amount::ZERO, |(_, share)| share.amount));
    }
    let void = circle.seat(debt.debtor).is_some_and(|debtor| debtor.left_after != 0);
    let own = circle.seat_of_turn(round) == Some(seat);
    Ok(if own && !void { debt.to_member } else { Amount::ZERO })
}
