//! One member's place.

use super::Turn;
use crate::Amount;

/// One member's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Position in the payout order, 1-based; 0 while it is not drawn. Before the start it may still
    /// change: where the order is fixed, gaps are closed at the start.
    pub turn: Turn,
    /// The round after which the member is out (left, or expelled before being paid); 0 = stays.
    pub left_after: u8,
    /// What else is to be known.
    pub marks: Marks,
    /// Instalments not paid in time (strictly after deadline + grace, or never).
    pub late: u16,
    /// Instalments of the whole cycle that were looked at when their time was over; zero again when no
    /// more than those of the rounds paid out, all of which were.
    pub assessed: u16,
    /// Paid for rounds not paid out yet, filling them one after the other.
    pub ahead: Amount,
    /// *Paid* of the rules: contributions and repayments, from wallet or deposit, until the circle is
    /// dissolved; frozen then.
    pub paid: Amount,
    /// *Received* of the rules: payouts, dividends, pay-backs and repayments of others, delivered or
    /// credited, until the circle is dissolved; frozen then. A share of the reserve is neither.
    pub received: Amount,
    /// Fees for late instalments, not paid yet.
    pub fees: Amount,
    /// What could not be delivered, or is delivered only when asked for: waits to be pushed.
    pub credit: Amount,
    /// The security in the vault: what was left there less what it covered.
    pub deposit: Amount,
    /// What the deposit covered so far.
    pub covered: Amount,
    /// Premiums paid.
    pub premium: Amount,
    /// What the insurance has put into the current round for this seat.
    pub insured: Amount,
    /// What may be claimed now, after dissolving or out of losses shared at the end.
    pub claimable: Amount,
    /// What is still missing of a claim.
    pub uncovered: Amount,
    /// What is owed to all who miss something: the negative net claim after dissolving, and debts
    /// shared at the end. Debts for single rounds are the circle's list.
    pub pooled: Amount,
    /// What a shortfall found by `sync` took from this member.
    pub lost: Amount,
}

/// Yes or no, about a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub(super) u8);

impl Marks {
    /// Left a commitment, and the bond, for the draw.
    pub const COMMITTED: Self = Self(1);
    /// Revealed what was committed.
    pub const REVEALED: Self = Self(2);
    /// Paid what is due before the first round.
    pub const SECURED: Self = Self(4);
    /// Expelled by vote.
    pub const EXPELLED: Self = Self(8);
    /// Won the round with a bid.
    pub const BY_BID: Self = Self(16);

    /// Whether this mark is set.
    #[must_use]
    pub const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    pub(super) fn set(&mut self, mark: Self) {
        self.0 |= mark.0;
    }

    /// Whether there are no others than the ones above.
    pub(super) const fn are_known(self) -> bool {
        self.0 < 32
    }

    pub(super) fn clear(&mut self, mark: Self) {
        self.0 &= !mark.0;
    }
}

/// Amounts of a seat that are kept.
pub(super) const AMOUNTS: usize = 13;

/// Which of a seat's amounts: those that are looked at by themselves have names here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub(super) usize);

impl Place {
    /// Paid for rounds not paid out.
    pub const AHEAD: Self = Self(0);
    /// *Paid* of the rules.
    pub const PAID: Self = Self(1);
    /// *Received* of the rules.
    pub const RECEIVED: Self = Self(2);
    /// Fees not paid yet.
    pub const FEES: Self = Self(3);
    /// Waits to be pushed.
    pub const CREDIT: Self = Self(4);
    /// The security.
    pub const DEPOSIT: Self = Self(5);
    /// Put into the round by the insurance.
    pub const INSURED: Self = Self(8);
    /// May be claimed.
    pub const CLAIMABLE: Self = Self(9);

    /// Its bit among the columns of a circle's bytes.
    pub(super) const fn column(self) -> u16 {
        1 << self.0
    }
}

impl Seat {
    pub(super) const EMPTY: Self = Self {
        turn: 0,
        left_after: 0,
        marks: Marks(0),
        late: 0,
        assessed: 0,
        ahead: Amount::ZERO,
        paid: Amount::ZERO,
        received: Amount::ZERO,
        fees: Amount::ZERO,
        credit: Amount::ZERO,
        deposit: Amount::ZERO,
        covered: Amount::ZERO,
        premium: Amount::ZERO,
        insured: Amount::ZERO,
        claimable: Amount::ZERO,
        uncovered: Amount::ZERO,
        pooled: Amount::ZERO,
        lost: Amount::ZERO,
    };

    /// Whether the member is out after `round`, or before.
    #[must_use]
    pub const fn has_left_by(&self, round: u8) -> bool {
        self.left_after != 0 && self.left_after <= round
    }

    /// Whether the member has not left before `round`.
    pub(super) const fn takes_part_in(&self, round: u8) -> bool {
        self.left_after == 0 || self.left_after >= round
    }

    /// Neither leaving nor expelled: votes, bids, shares what is over.
    #[must_use]
    pub const fn is_full_member(&self) -> bool {
        self.left_after == 0 && !self.marks.has(Marks::EXPELLED)
    }

    /// The amounts in the order they are kept in.
    pub(super) fn amounts(&self) -> [Amount; AMOUNTS] {
        [
            self.ahead,
            self.paid,
            self.received,
            self.fees,
            self.credit,
            self.deposit,
            self.covered,
            self.premium,
            self.insured,
            self.claimable,
            self.uncovered,
            self.pooled,
            self.lost,
        ]
    }

    /// The seat with these amounts, in the same order.
    pub(super) fn with_amounts(self, amounts: [Amount; AMOUNTS]) -> Self {
        let [ahead, paid, received, fees, credit, deposit, covered, rest @ ..] = amounts;
        let [premium, insured, claimable, uncovered, pooled, lost] = rest;
        Self {
            ahead,
            paid,
            received,
            fees,
            credit,
            deposit,
            covered,
            premium,
            insured,
            claimable,
            uncovered,
            pooled,
            lost,
            ..self
        }
    }
}
