//! A circle as bytes: compact, canonical, versioned.
//!
//! ```text
//! circle   = version phase started_at rounds_paid proposals reserve len held has_proposal [proposal] seat*
//! held     = count amount{count}          from the current round on; the last amount is not zero
//! proposal = yes no expires_at            id = proposals, electorate = len
//! seat     = turn present value* runs     `present`: which of the eight values are not zero
//! runs     = count (length instalments){count}   equal neighbours in one run; trailing zeros left out
//! ```
//!
//! Every number is a varint (seven bits a byte, the least significant first, no needless byte), so
//! what is zero costs a byte or nothing. Equal circles have equal bytes, and bytes that no valid
//! circle encodes to are refused.

use super::state::index;
use super::{Circle, MAX_MEMBERS, Phase, Proposal, Refusal, Seat};
use crate::Amount;

const VERSION: u8 = 1;

/// The longest varint.
const MAX_NUMBER: usize = 10;
/// Turn, presence, the eight values, and at worst a run for each round.
const MAX_SEAT: usize = 2 + 8 * MAX_NUMBER + 1 + 2 * MAX_MEMBERS;
/// The most bytes a circle takes.
pub const MAX_ENCODED: usize =
    1 + 10 * MAX_NUMBER + MAX_MEMBERS * MAX_NUMBER + MAX_MEMBERS * MAX_SEAT;

impl Circle {
    /// Compact canonical form (a circle of 3 with nothing odd about it takes well under 200 bytes);
    /// returns its length. `buf` of [`MAX_ENCODED`] is always enough.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] when `buf` is too short, or when public fields were set to what no
    /// step leads to.
    pub fn encode(&self, buf: &mut [u8]) -> Result<usize, Refusal> {
        self.check()?;
        let room = buf.len();
        let mut writer = Writer(buf);
        writer.byte(VERSION)?;
        writer.byte(self.phase as u8)?;
        writer.number(self.started_at)?;
        writer.byte(self.rounds_paid)?;
        writer.number(u64::from(self.proposals))?;
        writer.amount(self.reserve)?;
        writer.byte(self.len)?;
        self.write_held(&mut writer)?;
        match &self.proposal {
            None => writer.byte(0)?,
            Some(proposal) => {
                writer.byte(1)?;
                writer.number(proposal.yes)?;
                writer.number(proposal.no)?;
                writer.number(proposal.expires_at)?;
            }
        }
        for seat in self.seats() {
            write_seat(seat, self.len, &mut writer)?;
        }
        Ok(room - writer.0.len())
    }

    /// The circle that [`Circle::encode`]s to exactly these bytes.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for anything `encode` never writes, a newer version among them.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader(bytes);
        let mut circle = Self::new();
        if reader.byte()? != VERSION {
            return Err(Refusal::BadEncoding);
        }
        circle.phase = match reader.byte()? {
            0 => Phase::Forming,
            1 => Phase::Active,
            2 => Phase::Completed,
            3 => Phase::Dissolved,
            4 => Phase::Cancelled,
            _ => return Err(Refusal::BadEncoding),
        };
        circle.started_at = reader.number()?;
        circle.rounds_paid = reader.byte()?;
        circle.proposals = u32::try_from(reader.number()?).map_err(|_| Refusal::BadEncoding)?;
        circle.reserve = reader.amount()?;
        circle.len = reader.byte()?;
        if usize::from(circle.len) > MAX_MEMBERS || circle.rounds_paid > circle.len {
            return Err(Refusal::BadEncoding);
        }
        circle.read_held(&mut reader)?;
        circle.proposal = match reader.byte()? {
            0 => None,
            1 => Some(Proposal {
                id: circle.proposals,
                electorate: circle.len,
                yes: reader.number()?,
                no: reader.number()?,
                expires_at: reader.number()?,
            }),
            _ => return Err(Refusal::BadEncoding),
        };
        let len = circle.len;
        for seat in circle.seats_mut() {
            read_seat(seat, len, &mut reader)?;
        }
        if !reader.0.is_empty() {
            return Err(Refusal::BadEncoding);
        }
        circle.check()?;
        Ok(circle)
    }

    fn write_held(&self, writer: &mut Writer<'_>) -> Result<(), Refusal> {
        let rounds = self.rounds_paid.saturating_add(1)..=self.len;
        let last = rounds.clone().rev().find(|round| !self.held_in(*round).is_zero());
        let count = last.map_or(0, |last| last.saturating_sub(self.rounds_paid));
        writer.byte(count)?;
        for round in rounds.take(usize::from(count)) {
            writer.amount(self.held_in(round))?;
        }
        Ok(())
    }

    fn read_held(&mut self, reader: &mut Reader<'_>) -> Result<(), Refusal> {
        let count = reader.byte()?;
        if count > self.len.saturating_sub(self.rounds_paid) {
            return Err(Refusal::BadEncoding);
        }
        let unpaid = self.held.iter_mut().skip(usize::from(self.rounds_paid));
        let mut last = None;
        for held in unpaid.take(usize::from(count)) {
            *held = reader.amount()?;
            last = Some(*held);
        }
        if last == Some(Amount::ZERO) { Err(Refusal::BadEncoding) } else { Ok(()) }
    }

    /// What holds of every circle that steps lead to, as far as it can be told without its rules.
    fn check(&self) -> Result<(), Refusal> {
        let started = match self.phase {
            Phase::Forming | Phase::Cancelled => false,
            Phase::Active | Phase::Completed | Phase::Dissolved => true,
        };
        let active = self.phase == Phase::Active;
        let shared = self.reserve.is_zero() || self.phase == Phase::Forming || active;
        let rounds_pass = match self.phase {
            Phase::Forming | Phase::Cancelled => self.rounds_paid == 0 && self.started_at == 0,
            Phase::Active | Phase::Dissolved => self.rounds_paid < self.len,
            Phase::Completed => self.rounds_paid == self.len,
        };
        let nobody = self.phase == Phase::Cancelled && self.is_empty();
        let sound = usize::from(self.len) <= MAX_MEMBERS
            && rounds_pass
            && (shared || nobody)
            && (!started || self.len >= 2)
            && self.held_passes(active)
            && self.proposal.as_ref().is_none_or(|open| active && self.proposal_passes(open))
            && (started || self.proposals == 0)
            && self.turns_pass(started)
            && self.seats().iter().all(|seat| self.seat_passes(seat, started))
            && self.reserve >= Amount::ZERO
            && self.liabilities().is_ok();
        if sound { Ok(()) } else { Err(Refusal::BadEncoding) }
    }

    fn held_passes(&self, active: bool) -> bool {
        (1_u8..).zip(self.held).all(|(round, held)| {
            held.is_zero()
                || active
                    && held.is_positive()
                    && round > self.rounds_paid
                    && round <= self.len
                    && self.seats().iter().any(|seat| seat.paid_in(round) > 0)
        })
    }

    fn proposal_passes(&self, proposal: &Proposal) -> bool {
        let votes = proposal.yes | proposal.no;
        let seats = u64::MAX.checked_shr(64 - u32::from(self.len)).unwrap_or(0);
        proposal.id == self.proposals
            && proposal.id > 0
            && proposal.electorate == self.len
            && votes & !seats == 0
            && proposal.yes & proposal.no == 0
    }

    /// Everybody has a turn of their own; once started they are 1..=n.
    fn turns_pass(&self, started: bool) -> bool {
        let last = if started { usize::from(self.len) } else { MAX_MEMBERS };
        let mut taken = [false; MAX_MEMBERS];
        self.seats().iter().all(|seat| {
            let slot = index(seat.turn).and_then(|index| taken.get_mut(..last)?.get_mut(index));
            slot.is_some_and(|slot| !core::mem::replace(slot, true))
        })
    }

    fn seat_passes(&self, seat: &Seat, started: bool) -> bool {
        let (in_all_phases, money) = ([seat.credit, seat.lost], values_of(seat));
        let dissolved = self.phase == Phase::Dissolved;
        let moved = seat.paid.is_zero()
            && seat.received.is_zero()
            && seat.debt.is_zero()
            && seat.late == 0
            && seat.instalments == [0; MAX_MEMBERS];
        let credited = in_all_phases.iter().any(|amount| !amount.is_zero());
        let claims = !seat.claimable.is_zero() || !seat.uncovered.is_zero();
        money.iter().all(|amount| *amount >= Amount::ZERO)
            && (started || moved)
            && (self.phase != Phase::Forming || !credited)
            && (dissolved || !claims)
            && seat.instalments.iter().skip(usize::from(self.len)).all(|paid| *paid == 0)
    }
}

/// The amounts of a seat, in the order they are written in.
fn values_of(seat: &Seat) -> [Amount; 7] {
    let Seat { paid, received, credit, claimable, uncovered, debt, lost, .. } = *seat;
    [paid, received, credit, claimable, uncovered, debt, lost]
}

/// The bit of `present` for the number of late instalments; the lower ones are the amounts'.
const LATE: u8 = 1 << 7;

fn write_seat(seat: &Seat, len: u8, writer: &mut Writer<'_>) -> Result<(), Refusal> {
    let amounts = values_of(seat);
    let mut present = if seat.late > 0 { LATE } else { 0 };
    for (place, amount) in amounts.iter().enumerate() {
        present |= u8::from(!amount.is_zero()) << place;
    }
    writer.byte(seat.turn)?;
    writer.byte(present)?;
    for amount in amounts.into_iter().filter(|amount| !amount.is_zero()) {
        writer.amount(amount)?;
    }
    if seat.late > 0 {
        writer.number(u64::from(seat.late))?;
    }
    let rounds = seat.instalments.get(..usize::from(len)).unwrap_or_default();
    let end = rounds.iter().rposition(|paid| *paid != 0).map_or(0, |last| last + 1);
    let runs = || rounds.get(..end).unwrap_or_default().chunk_by(|left, right| left == right);
    writer.length(runs().count())?;
    for run in runs() {
        writer.length(run.len())?;
        writer.byte(run.first().copied().unwrap_or_default())?;
    }
    Ok(())
}

fn read_seat(seat: &mut Seat, len: u8, reader: &mut Reader<'_>) -> Result<(), Refusal> {
    seat.turn = reader.byte()?;
    let present = reader.byte()?;
    let amounts = [
        &mut seat.paid,
        &mut seat.received,
        &mut seat.credit,
        &mut seat.claimable,
        &mut seat.uncovered,
        &mut seat.debt,
        &mut seat.lost,
    ];
    for (place, amount) in amounts.into_iter().enumerate() {
        if present & (1 << place) != 0 {
            *amount = reader.amount()?;
            if amount.is_zero() {
                return Err(Refusal::BadEncoding);
            }
        }
    }
    if present & LATE != 0 {
        seat.late = u16::try_from(reader.number()?).map_err(|_| Refusal::BadEncoding)?;
        if seat.late == 0 {
            return Err(Refusal::BadEncoding);
        }
    }
    let mut rounds = seat.instalments.get_mut(..usize::from(len)).unwrap_or_default();
    let mut before = None;
    for _ in 0..reader.byte()? {
        let (length, paid) = (usize::from(reader.byte()?), reader.byte()?);
        let (run, rest) = rounds.split_at_mut_checked(length).ok_or(Refusal::BadEncoding)?;
        if run.is_empty() || before == Some(paid) {
            return Err(Refusal::BadEncoding);
        }
        run.fill(paid);
        rounds = rest;
        before = Some(paid);
    }
    if before == Some(0) { Err(Refusal::BadEncoding) } else { Ok(()) }
}

/// Fills a buffer from the front; holds what is left of it.
struct Writer<'a>(&'a mut [u8]);

impl Writer<'_> {
    fn byte(&mut self, byte: u8) -> Result<(), Refusal> {
        let (slot, rest) =
            core::mem::take(&mut self.0).split_first_mut().ok_or(Refusal::BadEncoding)?;
        *slot = byte;
        self.0 = rest;
        Ok(())
    }

    fn length(&mut self, length: usize) -> Result<(), Refusal> {
        self.byte(u8::try_from(length).map_err(|_| Refusal::BadEncoding)?)
    }

    fn number(&mut self, mut number: u64) -> Result<(), Refusal> {
        loop {
            let low = u8::try_from(number & 0x7f).unwrap_or_default();
            number >>= 7;
            if number == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80)?;
        }
    }

    fn amount(&mut self, amount: Amount) -> Result<(), Refusal> {
        self.number(u64::try_from(amount.minor_units()).map_err(|_| Refusal::BadEncoding)?)
    }
}

/// Reads from the front; holds what is left.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Refusal> {
        let (byte, rest) = self.0.split_first().ok_or(Refusal::BadEncoding)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u64, Refusal> {
        let mut number = 0_u64;
        for place in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for a single bit; a needless last byte is zero.
            if (place == 63 && byte > 1) || (place > 0 && byte == 0) {
                return Err(Refusal::BadEncoding);
            }
            number |= bits << place;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Refusal::BadEncoding)
    }

    fn amount(&mut self) -> Result<Amount, Refusal> {
        let number = i64::try_from(self.number()?).map_err(|_| Refusal::BadEncoding)?;
        Ok(Amount::new(number))
    }
}
