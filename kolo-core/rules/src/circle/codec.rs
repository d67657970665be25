//! A circle as bytes: of fixed places, so that a contract reads and writes only what a step is about.
//!
//! ```text
//! circle   = head row{members} debt{debts} proposal{open}
//! head     = version phase members rounds_paid columns:u16 debts:u16 started_at:u64 reserve fund
//!            held_lost premium_round bidder bid proposals:u32 open
//! proposal = id:u32 subject electorate:u64 yes:u64 no:u64 expires_at:u64 passed_at:u64
//! row      = turn [left_after marks] [late:u16] [assessed:u16] amount{columns}
//! debt     = debtor first last to_member to_fund
//! ```
//!
//! Numbers are little endian, amounts of eight bytes, and one byte where nothing is said. `columns` has
//! a bit for each part of a row that some member's is not zero in; the others are left out of all
//! rows. `bidder` is 255 without a bid; `open` has a bit for each kind of proposal that is open.

use super::seat::{AMOUNTS, Place};
use super::{
    Bid, Circle, Debt, MAX_MEMBERS, Marks, Motion, Phase, Proposal, Refusal, Rows, Seat, Store,
    debts::MAX_DEBTS, voting::KINDS,
};
use crate::Amount;

pub(super) const VERSION: u8 = 2;
/// Bytes before the rows.
pub(super) const HEAD: usize = 55;
const PROPOSAL: usize = 45;
/// The most bytes after the debts.
const TAIL: usize = KINDS * PROPOSAL;
/// The most bytes of a row.
const MAX_ROW: usize = 7 + AMOUNTS * 8;
/// Bytes of a debt.
pub(super) const DEBT: usize = 19;
/// The most bytes a circle takes.
pub const MAX_ENCODED: usize = HEAD + MAX_MEMBERS * MAX_ROW + MAX_DEBTS * DEBT + TAIL;

/// Where those parts of the head are that are looked at by themselves.
pub(super) mod at {
    pub(in crate::circle) const ROUNDS_PAID: usize = 3;
    pub(in crate::circle) const COLUMNS: usize = 4;
    pub(in crate::circle) const DEBTS: usize = 6;
    pub(in crate::circle) const STARTED_AT: usize = 8;
    pub(in crate::circle) const RESERVE: usize = 16;
    pub(in crate::circle) const FUND: usize = 24;
    pub(in crate::circle) const HELD_LOST: usize = 32;
    pub(in crate::circle) const PREMIUM_ROUND: usize = 40;
}

const NO_BIDDER: u8 = u8::MAX;
/// Bits of `columns` beside those of the amounts.
const STANDING: u16 = 1 << 13;
const LATE: u16 = 1 << 14;
pub(super) const ASSESSED: u16 = 1 << 15;

/// Where things are in the bytes of a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Which parts rows have.
    pub(super) columns: u16,
    /// Bytes of a row; the rows come after the head.
    pub(super) row: usize,
    /// Where the debts begin.
    pub(super) debts_at: usize,
    /// Where the proposals begin.
    pub(super) tail_at: usize,
}

impl Layout {
    pub(super) fn new(columns: u16, members: u8, debts: u16) -> Self {
        let amounts = columns & !(STANDING | LATE | ASSESSED);
        let others = columns & (STANDING | LATE | ASSESSED);
        let bits = 8 * amounts.count_ones() + 2 * others.count_ones();
        let row = 1 + usize::try_from(bits).unwrap_or(MAX_ROW);
        let debts_at = HEAD + row * usize::from(members);
        Self { columns, row, debts_at, tail_at: debts_at + DEBT * usize::from(debts) }
    }
}

/// Where single columns are in a row; `None` when rows do not have them.
impl Layout {
    /// Whether `left_after` and marks come after the turn.
    pub(super) fn has_standing(&self) -> bool {
        self.columns & STANDING != 0
    }

    pub(super) fn assessed_at(&self) -> Option<usize> {
        let before = self.columns & (STANDING | LATE);
        (self.columns & ASSESSED != 0).then_some(1 + 2 * ones(before))
    }

    pub(super) fn amount_at(&self, place: Place) -> Option<usize> {
        let column = place.column();
        let before = self.columns & (column - 1);
        let others = self.columns & (STANDING | LATE | ASSESSED);
        (self.columns & column != 0).then_some(1 + 2 * ones(others) + 8 * ones(before))
    }
}

fn ones(columns: u16) -> usize {
    usize::try_from(columns.count_ones()).unwrap_or(0)
}

/// The bytes at this place; zeros beyond the end.
pub(super) fn field_in<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    field.copied().unwrap_or([0; N])
}

/// Replaces the bytes at this place, if there are as many.
pub(super) fn put_field_in<const N: usize>(bytes: &mut [u8], at: usize, field: [u8; N]) {
    if let Some(slot) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<N>) {
        *slot = field;
    }
}

/// The amount at this place.
pub(super) fn amount_in(bytes: &[u8], at: usize) -> Amount {
    Amount::new(i64::from_le_bytes(field_in(bytes, at)))
}

/// Replaces the amount at this place.
pub(super) fn put_amount_in(bytes: &mut [u8], at: usize, amount: Amount) {
    put_field_in(bytes, at, amount.minor_units().to_le_bytes());
}

impl Circle<()> {
    /// Reads all but the rows and debts, and says where those are.
    pub(super) fn decode_frame(bytes: &[u8]) -> Result<(Self, Layout), Refusal> {
        let mut reader = Reader { bytes, at: 0 };
        let mut circle = Self::with_rows(());
        let version = reader.byte();
        let phase = usize::from(reader.byte());
        circle.phase = Phase::ALL.get(phase).copied().ok_or(Refusal::BadEncoding)?;
        circle.len = reader.byte();
        circle.rounds_paid = reader.byte();
        let columns = u16::from_le_bytes(reader.take());
        circle.debts = u16::from_le_bytes(reader.take());
        circle.started_at = u64::from_le_bytes(reader.take());
        circle.reserve = reader.amount();
        circle.fund = reader.amount();
        circle.held_lost = reader.amount();
        circle.premium_round = reader.byte() != 0;
        let (seat, amount) = (reader.byte(), reader.amount());
        circle.bid = (seat != NO_BIDDER).then_some(Bid { seat, amount });
        circle.proposals = u32::from_le_bytes(reader.take());
        let open = reader.byte();
        let layout = Layout::new(columns, circle.len, circle.debts);
        reader.at = layout.tail_at;
        for (slot, motion) in circle.open.iter_mut().zip(Motion::ALL) {
            if open & 1 << motion as u8 != 0 {
                *slot = Some(reader.proposal(motion));
            }
        }
        let sound = version == VERSION
            && reader.at == bytes.len()
            && usize::from(circle.len) <= MAX_MEMBERS
            && usize::from(circle.debts) <= MAX_DEBTS;
        if sound { Ok((circle, layout)) } else { Err(Refusal::BadEncoding) }
    }
}

impl<S> Circle<S> {
    /// What comes before the rows, to the front of `bytes`.
    pub(super) fn encode_head(&self, columns: u16, bytes: &mut [u8]) {
        let mut writer = Writer { bytes, at: 0 };
        writer.put(&[VERSION, self.phase as u8, self.len, self.rounds_paid]);
        writer.put(&columns.to_le_bytes());
        writer.put(&self.debts.to_le_bytes());
        writer.put(&self.started_at.to_le_bytes());
        for amount in [self.reserve, self.fund, self.held_lost] {
            writer.amount(amount);
        }
        let bid = self.bid.unwrap_or(Bid { seat: NO_BIDDER, amount: Amount::ZERO });
        writer.put(&[u8::from(self.premium_round), bid.seat]);
        writer.amount(bid.amount);
        writer.put(&self.proposals.to_le_bytes());
        let open = self.open.iter().flatten();
        writer.put(&[open.fold(0, |open, proposal| open | 1_u8 << proposal.motion as u8)]);
    }

    /// How long what comes after the debts is.
    pub(super) fn tail_len(&self) -> usize {
        PROPOSAL * self.open.iter().flatten().count()
    }

    /// What comes after the debts, to the front of `bytes`.
    pub(super) fn encode_tail(&self, bytes: &mut [u8]) {
        let mut writer = Writer { bytes, at: 0 };
        for proposal in self.open.iter().flatten() {
            writer.proposal(proposal);
        }
    }
}

impl Circle {
    /// All of it; returns the length. `buf` of [`MAX_ENCODED`] is always enough.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] when `buf` is too short.
    pub fn encode(&self, buf: &mut [u8]) -> Result<usize, Refusal> {
        let columns = self.seats().iter().fold(0, |all, seat| all | columns_of(seat));
        let layout = Layout::new(columns, self.len, self.debts);
        let length = layout.tail_at + self.tail_len();
        let buf = buf.get_mut(..length).ok_or(Refusal::BadEncoding)?;
        self.encode_head(columns, buf);
        self.encode_tail(buf.get_mut(layout.tail_at..).unwrap_or_default());
        let rows = buf.get_mut(HEAD..layout.debts_at).unwrap_or_default();
        for (bytes, seat) in rows.chunks_exact_mut(layout.row).zip(self.seats()) {
            encode_row(seat, columns, bytes);
        }
        let debts = buf.get_mut(layout.debts_at..layout.tail_at).unwrap_or_default();
        for (bytes, debt) in debts.chunks_exact_mut(DEBT).zip(self.debts()) {
            encode_debt(debt, bytes);
        }
        Ok(length)
    }

    /// The circle that these bytes are.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for bytes that are no circle that steps lead to, a newer version among
    /// them.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let (circle, layout) = Circle::decode_frame(bytes)?;
        let mut circle = circle.swap_rows(Rows::default());
        let rows = bytes.get(HEAD..layout.debts_at).unwrap_or_default();
        for (index, row) in (0..circle.len).zip(rows.chunks_exact(layout.row)) {
            circle.put(index, &decode_row(row, layout.columns));
        }
        let debts = bytes.get(layout.debts_at..layout.tail_at).unwrap_or_default();
        for (index, debt) in (0..circle.debts).zip(debts.chunks_exact(DEBT)) {
            circle.rows.put_debt(index, &decode_debt(debt));
        }
        circle.audit()?;
        Ok(circle)
    }
}

/// Which parts of a row are not zero.
pub(super) fn columns_of(seat: &Seat) -> u16 {
    let mut columns = 0;
    for (place, amount) in seat.amounts().iter().enumerate() {
        if !amount.is_zero() {
            columns |= 1 << place;
        }
    }
    if seat.left_after != 0 || seat.marks != Marks::default() {
        columns |= STANDING;
    }
    if seat.late != 0 {
        columns |= LATE;
    }
    if seat.assessed != 0 {
        columns |= ASSESSED;
    }
    columns
}

/// A row with these columns into as many bytes as [`Layout::row`] says.
pub(super) fn encode_row(seat: &Seat, columns: u16, bytes: &mut [u8]) {
    let mut writer = Writer { bytes, at: 0 };
    writer.put(&[seat.turn]);
    if columns & STANDING != 0 {
        writer.put(&[seat.left_after, seat.marks.0]);
    }
    if columns & LATE != 0 {
        writer.put(&seat.late.to_le_bytes());
    }
    if columns & ASSESSED != 0 {
        writer.put(&seat.assessed.to_le_bytes());
    }
    for (place, amount) in seat.amounts().into_iter().enumerate() {
        if columns & 1 << place != 0 {
            writer.amount(amount);
        }
    }
}

/// The seat of a row with these columns.
pub(super) fn decode_row(bytes: &[u8], columns: u16) -> Seat {
    let mut reader = Reader { bytes, at: 0 };
    let mut seat = Seat { turn: reader.byte(), ..Seat::EMPTY };
    if columns & STANDING != 0 {
        seat.left_after = reader.byte();
        seat.marks = Marks(reader.byte());
    }
    if columns & LATE != 0 {
        seat.late = u16::from_le_bytes(reader.take());
    }
    if columns & ASSESSED != 0 {
        seat.assessed = u16::from_le_bytes(reader.take());
    }
    let mut amounts = [Amount::ZERO; AMOUNTS];
    for (place, amount) in amounts.iter_mut().enumerate() {
        if columns & 1 << place != 0 {
            *amount = reader.amount();
        }
    }
    seat.with_amounts(amounts)
}

/// A debt into its [`DEBT`] bytes.
pub(super) fn encode_debt(debt: &Debt, bytes: &mut [u8]) {
    let mut writer = Writer { bytes, at: 0 };
    writer.put(&[debt.debtor, debt.first, debt.last]);
    writer.amount(debt.to_member);
    writer.amount(debt.to_fund);
}

/// The debt of these [`DEBT`] bytes.
pub(super) fn decode_debt(bytes: &[u8]) -> Debt {
    let mut reader = Reader { bytes, at: 0 };
    let [debtor, first, last] = reader.take();
    Debt { debtor, first, last, to_member: reader.amount(), to_fund: reader.amount() }
}

/// As many bytes as both have. (Where lengths could differ, the library's copying says by how much: that
/// text would be in every contract.)
pub(super) fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Fills a buffer from the front.
struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put<const N: usize>(&mut self, field: &[u8; N]) {
        put_field_in(self.bytes, self.at, *field);
        self.at += N;
    }

    fn amount(&mut self, amount: Amount) {
        self.put(&amount.minor_units().to_le_bytes());
    }

    fn proposal(&mut self, proposal: &Proposal) {
        self.put(&proposal.id.to_le_bytes());
        self.put(&[proposal.subject]);
        let Proposal { electorate, yes, no, expires_at, passed_at, .. } = *proposal;
        for number in [electorate, yes, no, expires_at, passed_at] {
            self.put(&number.to_le_bytes());
        }
    }
}

/// Reads from the front; zeros beyond the end, of which `at` tells.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let field = field_in(self.bytes, self.at);
        self.at += N;
        field
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    fn amount(&mut self) -> Amount {
        Amount::new(i64::from_le_bytes(self.take()))
    }

    fn proposal(&mut self, motion: Motion) -> Proposal {
        Proposal {
            id: u32::from_le_bytes(self.take()),
            motion,
            subject: self.byte(),
            electorate: u64::from_le_bytes(self.take()),
            yes: u64::from_le_bytes(self.take()),
            no: u64::from_le_bytes(self.take()),
            expires_at: u64::from_le_bytes(self.take()),
            passed_at: u64::from_le_bytes(self.take()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_has_its_parts_where_they_are_looked_at() {
        let circle = Circle {
            rounds_paid: 3,
            started_at: 1 << 60,
            reserve: Amount::new(4),
            fund: Amount::new(5),
            held_lost: Amount::new(6),
            premium_round: true,
            debts: 0x0708,
            ..Circle::with_rows(())
        };
        let mut bytes = [0; HEAD];
        circle.encode_head(0x090a, &mut bytes);
        let short = |at| u16::from_le_bytes(field_in(&bytes, at));
        assert_eq!(field_in(&bytes, at::ROUNDS_PAID), [3]);
        assert_eq!((short(at::COLUMNS), short(at::DEBTS)), (0x090a, 0x0708));
        assert_eq!(u64::from_le_bytes(field_in(&bytes, at::STARTED_AT)), 1 << 60);
        let amounts = [at::RESERVE, at::FUND, at::HELD_LOST].map(|at| amount_in(&bytes, at));
        assert_eq!(amounts, [4, 5, 6].map(Amount::new));
        assert_eq!(field_in(&bytes, at::PREMIUM_ROUND), [1]);
    }
}
