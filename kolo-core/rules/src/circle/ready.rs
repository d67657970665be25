//! Between the start and the first round: the draw, and what is paid in before.
//!
//! Each step has a time of its own ([`Rules::setup_period_s`]): it ends when everybody has done it, or
//! when the time is over and anybody says [`Circle::proceed`].
//!
//! The commitments and what is revealed are kept by the caller, who also hashes: a commitment is
//! SHA-256(circle ‖ member ‖ secret), the seed of the draw SHA-256(circle ‖ secrets of those who
//! revealed, in order of joining). Somebody who commits and then withholds chooses between two
//! outcomes; j people who act together choose among 2^j; and who holds everybody's secrets knows the
//! order early. That is why withholding costs the bond and a good turn.

use super::sum::{NOTHING, add};
use super::{Circle, MAX_MEMBERS, Marks, Phase, Premium, Refusal, Rules, Store};
use crate::Amount;

/// SHA-256.
pub type Sha256<'a> = &'a dyn Fn(&[u8]) -> [u8; 32];

/// What comes after a step of getting ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// Others have to do the same.
    Waiting,
    /// Now what was committed is to be revealed.
    Reveal,
    /// All is revealed that will be: [`Circle::draw`] comes next, in the same step.
    Draw,
    /// The order is fixed; deposits and premiums are to be paid in.
    Secure,
    /// The first round has begun.
    Active,
    /// Not everybody has paid in in time: it does not come about, and all goes back.
    Cancelled,
}

impl<S: Store> Circle<S> {
    /// Notes the seat's commitment; [`Rules::bond`] is taken with it.
    ///
    /// # Errors
    /// [`Refusal::NotCommitting`], [`Refusal::NotMember`], [`Refusal::AlreadyDone`],
    /// [`Refusal::TimeOver`], [`Refusal::Overflow`].
    pub fn commit(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<Readiness, Refusal> {
        self.require(Phase::Committing, Refusal::NotCommitting)?;
        let mut member = self.member(seat)?;
        self.require_in_time(rules, now)?;
        if member.marks.has(Marks::COMMITTED) {
            return Err(Refusal::AlreadyDone);
        }
        member.marks.set(Marks::COMMITTED);
        add(&mut member.deposit, rules.bond)?;
        self.put(seat, &member);
        if self.lacks(Marks::COMMITTED, Marks::default()) {
            return Ok(Readiness::Waiting);
        }
        self.phase = Phase::Revealing;
        self.started_at = now;
        Ok(Readiness::Reveal)
    }

    /// Notes that the seat revealed what it committed to, which the caller has checked.
    ///
    /// # Errors
    /// [`Refusal::NotRevealing`], [`Refusal::NotMember`], [`Refusal::NoCommitment`],
    /// [`Refusal::AlreadyDone`], [`Refusal::TimeOver`].
    pub fn reveal(&mut self, rules: &Rules, seat: u8, now: u64) -> Result<Readiness, Refusal> {
        self.require(Phase::Revealing, Refusal::NotRevealing)?;
        let mut member = self.member(seat)?;
        self.require_in_time(rules, now)?;
        if !member.marks.has(Marks::COMMITTED) {
            return Err(Refusal::NoCommitment);
        }
        if member.marks.has(Marks::REVEALED) {
            return Err(Refusal::AlreadyDone);
        }
        member.marks.set(Marks::REVEALED);
        self.put(seat, &member);
        let more = self.lacks(Marks::REVEALED, Marks::COMMITTED);
        Ok(if more { Readiness::Waiting } else { Readiness::Draw })
    }

    /// Goes on when the time of a step is over and not everybody has done it: from commitments to
    /// reveals, from reveals to the draw, and from payments that are missing to giving up.
    ///
    /// # Errors
    /// [`Refusal::NotGettingReady`], [`Refusal::TooEarly`], [`Refusal::Overflow`].
    pub fn proceed(&mut self, rules: &Rules, now: u64) -> Result<Readiness, Refusal> {
        if !self.phase.is_getting_ready() {
            return Err(Refusal::NotGettingReady);
        }
        if self.require_in_time(rules, now).is_ok() {
            return Err(Refusal::TooEarly);
        }
        match self.phase {
            Phase::Committing => {
                self.phase = Phase::Revealing;
                self.started_at = now;
                let any = (0..self.len).any(|i| self.rows.seat(i).marks.has(Marks::COMMITTED));
                Ok(if any { Readiness::Reveal } else { Readiness::Draw })
            }
            Phase::Revealing => Ok(Readiness::Draw),
            _ => {
                self.give_up()?;
                Ok(Readiness::Cancelled)
            }
        }
    }

    /// Fixes the order: those who revealed, shuffled by `seed` (Fisher–Yates with rejection sampling,
    /// bytes from SHA-256(seed ‖ counter), the counter as four bytes, big endian); then the others in
    /// order of joining. Bonds become credits; those of who committed and did not reveal are split
    /// among those who did.
    ///
    /// # Errors
    /// [`Refusal::NotRevealing`], [`Refusal::TooEarly`] while somebody can still reveal,
    /// [`Refusal::Overflow`].
    pub fn draw(
        &mut self,
        rules: &Rules,
        seed: &[u8; 32],
        sha256: Sha256<'_>,
        now: u64,
    ) -> Result<Readiness, Refusal> {
        self.require(Phase::Revealing, Refusal::NotRevealing)?;
        if self.require_in_time(rules, now).is_ok() && self.lacks(Marks::REVEALED, Marks::COMMITTED)
        {
            return Err(Refusal::TooEarly);
        }
        let mut order = [0_u8; MAX_MEMBERS];
        let revealed = |index: &u8| self.rows.seat(*index).marks.has(Marks::REVEALED);
        let shuffled = (0..self.len).filter(revealed).count();
        let others = (0..self.len).filter(|index| !revealed(index));
        for (slot, index) in order.iter_mut().zip((0..self.len).filter(revealed).chain(others)) {
            *slot = index;
        }
        shuffle(order.get_mut(..shuffled).unwrap_or_default(), seed, sha256);
        self.settle_bonds()?;
        for (turn, index) in (1..=self.len).zip(order) {
            let mut seat = self.rows.seat(index);
            seat.turn = turn;
            self.put(index, &seat);
        }
        self.secure_or_activate(rules, now)?;
        Ok(if self.phase == Phase::Active { Readiness::Active } else { Readiness::Secure })
    }

    /// What the seat has to pay in before the first round: its deposit and the premium paid once. Zero
    /// when it has.
    ///
    /// # Errors
    /// [`Refusal::NotMember`], [`Refusal::Overflow`].
    pub fn entry_due(&self, rules: &Rules, seat: u8) -> Result<Amount, Refusal> {
        let member = self.member(seat)?;
        if member.marks.has(Marks::SECURED) || self.phase.has_started() || self.phase.is_over() {
            return Ok(Amount::ZERO);
        }
        let deposit = rules.deposit(member.turn, self.len)?;
        Ok(deposit.checked_add(entry_premium(rules))?)
    }

    /// Pays in exactly [`Circle::entry_due`]. The first round begins when nobody's is missing.
    ///
    /// # Errors
    /// [`Refusal::NotSecuring`], [`Refusal::NotMember`], [`Refusal::AlreadyDone`],
    /// [`Refusal::TimeOver`], [`Refusal::WrongAmount`], [`Refusal::Overflow`].
    pub fn secure(
        &mut self,
        rules: &Rules,
        seat: u8,
        amount: Amount,
        now: u64,
    ) -> Result<Readiness, Refusal> {
        self.require(Phase::Securing, Refusal::NotSecuring)?;
        let mut member = self.member(seat)?;
        self.require_in_time(rules, now)?;
        let due = self.entry_due(rules, seat)?;
        if due.is_zero() {
            return Err(Refusal::AlreadyDone);
        }
        if amount != due {
            return Err(Refusal::WrongAmount);
        }
        let premium = entry_premium(rules);
        member.marks.set(Marks::SECURED);
        add(&mut member.deposit, amount.checked_sub(premium)?)?;
        add(&mut member.premium, premium)?;
        self.put(seat, &member);
        add(&mut self.fund, premium)?;
        if self.has_unsecured(rules)? {
            return Ok(Readiness::Waiting);
        }
        self.secure_or_activate(rules, now)?;
        Ok(Readiness::Active)
    }

    /// When the time of the present step ends: its last second (Unix seconds).
    #[must_use]
    pub fn ready_until(&self, rules: &Rules) -> Option<u64> {
        let period = u64::from(rules.setup_period_s);
        self.phase.is_getting_ready().then(|| self.started_at.saturating_add(period))
    }

    /// Whether somebody has still to pay in.
    pub(super) fn has_unsecured(&self, rules: &Rules) -> Result<bool, Refusal> {
        for index in 0..self.len {
            if !self.entry_due(rules, index)?.is_zero() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn require_in_time(&self, rules: &Rules, now: u64) -> Result<(), Refusal> {
        match self.ready_until(rules) {
            Some(end) if now > end => Err(Refusal::TimeOver),
            _ => Ok(()),
        }
    }

    /// Whether a seat that has all marks of `of` lacks `mark`.
    fn lacks(&self, mark: Marks, of: Marks) -> bool {
        (0..self.len).any(|index| {
            let marks = self.rows.seat(index).marks;
            (of == Marks::default() || marks.has(of)) && !marks.has(mark)
        })
    }

    fn settle_bonds(&mut self) -> Result<(), Refusal> {
        let anybody = (0..self.len).any(|i| self.rows.seat(i).marks.has(Marks::REVEALED));
        let (mut parts, mut forfeited) = (NOTHING, Amount::ZERO);
        for index in 0..self.len {
            let mut seat = self.rows.seat(index);
            let bond = core::mem::take(&mut seat.deposit);
            if seat.marks.has(Marks::REVEALED) || !anybody {
                add(&mut seat.credit, bond)?;
            } else {
                add(&mut forfeited, bond)?;
            }
            self.put(index, &seat);
        }
        self.share_equally(forfeited, |seat| seat.marks.has(Marks::REVEALED), &mut parts)?;
        self.add_credits(&parts)
    }
}

fn entry_premium(rules: &Rules) -> Amount {
    match rules.premium {
        Premium::Once(premium) => premium,
        Premium::None | Premium::PerInstalment(_) => Amount::ZERO,
    }
}

/// Fisher–Yates from the last to the first, every place equally likely.
fn shuffle(order: &mut [u8], seed: &[u8; 32], sha256: Sha256<'_>) {
    let mut stream = Stream { seed, sha256, counter: 0, block: [0; 32], used: 32 };
    for last in (1..order.len()).rev() {
        let other = stream.below(last + 1);
        if let Ok([one, other]) = order.get_disjoint_mut([last, other]) {
            core::mem::swap(one, other);
        }
    }
}

/// As many random bytes as are asked for.
struct Stream<'a> {
    seed: &'a [u8; 32],
    sha256: Sha256<'a>,
    counter: u32,
    block: [u8; 32],
    used: usize,
}

impl Stream<'_> {
    /// A number below `end` (1..=64), all equally likely: bytes that would make some likelier are
    /// skipped.
    fn below(&mut self, end: usize) -> usize {
        let fair = 256 - 256 % end;
        loop {
            let byte = usize::from(self.byte());
            if byte < fair {
                return byte % end;
            }
        }
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            let mut input = [0; 36];
            let counter = self.counter.to_be_bytes();
            for (slot, byte) in input.iter_mut().zip(self.seed.iter().chain(&counter)) {
                *slot = *byte;
            }
            self.block = (self.sha256)(&input);
            self.counter = self.counter.wrapping_add(1);
            self.used = 0;
        }
        let byte = self.block.get(self.used).copied().unwrap_or_default();
        self.used += 1;
        byte
    }
}
