//! A circle as bytes: of fixed places, so that a contract reads and writes only what a step is about.
//!
//! ```text
//! circle   = head row{members} debt{debts}
//! head     = version phase members rounds_paid columns:u16 debts:u16 started_at:u64 reserve fund
//!            held_lost premium_round bidder bid proposals:u32 open proposal{open}
//! proposal = id:u32 subject electorate:u64 yes:u64 no:u64 expires_at:u64 passed_at:u64
//! row      = turn [left_after marks] [late:u16] [assessed:u16] amount{columns}
//! debt     = debtor first last to_member to_fund
//! ```
//!
//! Numbers are little endian, amounts of eight bytes, and one byte where nothing is said. `columns` has
//! a bit for each part of a row that some member's is not zero in; the others are left out of all
//! rows. `bidder` is 255 without a bid; `open` has a bit for each kind of proposal that is open.

use super::seat::AMOUNTS;
use super::{
    Bid, Circle, Debt, MAX_MEMBERS, Marks, Motion, Phase, Proposal, Refusal, Rows, Seat, Store,
    debts::MAX_DEBTS, voting::KINDS,
};
use crate::Amount;

const VERSION: u8 = 2;
const FIXED_HEAD: usize = 55;
const PROPOSAL: usize = 45;
/// The most bytes before the rows.
pub const MAX_HEAD: usize = FIXED_HEAD + KINDS * PROPOSAL;
/// The most bytes of a row.
pub const MAX_ROW: usize = 7 + AMOUNTS * 8;
/// Bytes of a debt.
pub const DEBT_LEN: usize = 19;
/// The most bytes a circle takes.
pub const MAX_ENCODED: usize = MAX_HEAD + MAX_MEMBERS * MAX_ROW + MAX_DEBTS * DEBT_LEN;

const NO_BIDDER: u8 = u8::MAX;
/// Bits of `columns` beside those of the amounts.
const STANDING: u16 = 1 << 13;
const LATE: u16 = 1 << 14;
const ASSESSED: u16 = 1 << 15;

/// Where things are in the bytes of a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Which parts rows have.
    pub columns: u16,
    /// Where the rows begin.
    pub rows_at: usize,
    /// Bytes of a row.
    pub row: usize,
    /// Where the debts begin.
    pub debts_at: usize,
    /// Where all ends.
    pub end: usize,
}

impl Layout {
    fn new(columns: u16, head: usize, members: u8, debts: u16) -> Self {
        let amounts = columns & !(STANDING | LATE | ASSESSED);
        let others = columns & (STANDING | LATE | ASSESSED);
        let bits = 8 * amounts.count_ones() + 2 * others.count_ones();
        let row = 1 + usize::try_from(bits).unwrap_or(MAX_ROW);
        let debts_at = head + row * usize::from(members);
        let end = debts_at + DEBT_LEN * usize::from(debts);
        Self { columns, rows_at: head, row, debts_at, end }
    }
}

impl<S: Store> Circle<S> {
    /// Reads what comes before the rows, which are in `rows`, and says where those are.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`].
    pub fn decode_head(bytes: &[u8], rows: S) -> Result<(Self, Layout), Refusal> {
        let mut reader = Reader { bytes, at: 0, short: false };
        let mut circle = Self::with_rows(rows);
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
        for (slot, motion) in circle.open.iter_mut().zip(Motion::ALL) {
            if open & 1 << motion as u8 != 0 {
                *slot = Some(reader.proposal(motion));
            }
        }
        let sound = version == VERSION
            && !reader.short
            && usize::from(circle.len) <= MAX_MEMBERS
            && usize::from(circle.debts) <= MAX_DEBTS;
        if !sound {
            return Err(Refusal::BadEncoding);
        }
        let layout = Layout::new(columns, reader.at, circle.len, circle.debts);
        Ok((circle, layout))
    }

    /// Writes what comes before the rows, which have these `columns`; says where those begin.
    pub fn encode_head(&self, columns: u16, bytes: &mut [u8; MAX_HEAD]) -> Layout {
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
        let open =
            self.open_proposals().fold(0, |open, proposal| open | 1 << proposal.motion as u8);
        writer.put(&[open]);
        for proposal in self.open_proposals() {
            writer.proposal(proposal);
        }
        Layout::new(columns, writer.at, self.len, self.debts)
    }
}

impl Circle {
    /// All of it; returns the length. `buf` of [`MAX_ENCODED`] is always enough.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] when `buf` is too short.
    pub fn encode(&self, buf: &mut [u8]) -> Result<usize, Refusal> {
        let columns = self.seats().iter().fold(0, |all, seat| all | columns_of(seat));
        let mut head = [0; MAX_HEAD];
        let layout = self.encode_head(columns, &mut head);
        let buf = buf.get_mut(..layout.end).ok_or(Refusal::BadEncoding)?;
        let (start, rest) = buf.split_at_mut(layout.rows_at);
        let (rows, debts) = rest.split_at_mut(layout.debts_at - layout.rows_at);
        start.copy_from_slice(head.get(..layout.rows_at).unwrap_or_default());
        for (bytes, seat) in rows.chunks_exact_mut(layout.row).zip(self.seats()) {
            encode_row(seat, columns, bytes);
        }
        for (bytes, debt) in debts.chunks_exact_mut(DEBT_LEN).zip(self.debts()) {
            encode_debt(debt, bytes);
        }
        Ok(layout.end)
    }

    /// The circle that these bytes are.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for bytes that are no circle that steps lead to, a newer version among
    /// them.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let (mut circle, layout) = Self::decode_head(bytes, Rows::default())?;
        if bytes.len() != layout.end {
            return Err(Refusal::BadEncoding);
        }
        let rows = bytes.get(layout.rows_at..layout.debts_at).unwrap_or_default();
        for (index, row) in (0..circle.len).zip(rows.chunks_exact(layout.row)) {
            circle.put(index, &decode_row(row, layout.columns)?);
        }
        let debts = bytes.get(layout.debts_at..).unwrap_or_default();
        for (index, debt) in (0..circle.debts).zip(debts.chunks_exact(DEBT_LEN)) {
            circle.rows.put_debt(index, &decode_debt(debt));
        }
        circle.audit()?;
        Ok(circle)
    }
}

/// Which parts of a row are not zero.
#[must_use]
pub fn columns_of(seat: &Seat) -> u16 {
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
pub fn encode_row(seat: &Seat, columns: u16, bytes: &mut [u8]) {
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
///
/// # Errors
/// [`Refusal::BadEncoding`] for marks that do not exist.
pub fn decode_row(bytes: &[u8], columns: u16) -> Result<Seat, Refusal> {
    let mut reader = Reader { bytes, at: 0, short: false };
    let mut seat = Seat { turn: reader.byte(), ..Seat::EMPTY };
    if columns & STANDING != 0 {
        seat.left_after = reader.byte();
        seat.marks = Marks::from_bits(reader.byte()).ok_or(Refusal::BadEncoding)?;
    }
    if columns & LATE != 0 {
        seat.late = u16::from_le_bytes(reader.take());
    }
    if columns & ASSESSED != 0 {
        seat.assessed = u16::from_le_bytes(reader.take());
    }
    for (place, amount) in seat.amounts_mut().into_iter().enumerate() {
        if columns & 1 << place != 0 {
            *amount = reader.amount();
        }
    }
    Ok(seat)
}

/// A debt into its [`DEBT_LEN`] bytes.
pub fn encode_debt(debt: &Debt, bytes: &mut [u8]) {
    let mut writer = Writer { bytes, at: 0 };
    writer.put(&[debt.debtor, debt.first, debt.last]);
    writer.amount(debt.to_member);
    writer.amount(debt.to_fund);
}

/// The debt of these [`DEBT_LEN`] bytes.
#[must_use]
pub fn decode_debt(bytes: &[u8]) -> Debt {
    let mut reader = Reader { bytes, at: 0, short: false };
    let [debtor, first, last] = reader.take();
    Debt { debtor, first, last, to_member: reader.amount(), to_fund: reader.amount() }
}

/// Fills a buffer from the front.
struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, field: &[u8]) {
        if let Some(slot) = self.bytes.get_mut(self.at..self.at + field.len()) {
            slot.copy_from_slice(field);
        }
        self.at += field.len();
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

/// Reads from the front; zeros beyond the end, which is noted.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    short: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let field = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        self.short |= field.is_none();
        self.at += N;
        field.copied().unwrap_or([0; N])
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
