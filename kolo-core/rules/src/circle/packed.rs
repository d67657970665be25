//! A circle that stays bytes: only the rows a step is about are read and written.

use alloc::{vec, vec::Vec};

use super::codec::{
    ASSESSED, DEBT, HEAD, Layout, amount_in, columns_of, copy, decode_debt, decode_row,
    encode_debt, encode_row,
};
use super::seat::Place;
use super::sum::add;
use super::{Circle, Debt, MAX_MEMBERS, Refusal, Rules, Seat, Store, Turn};
use crate::Amount;

/// Bytes a buffer that has become too short gets on top.
const SPARE: usize = 256;

/// Seats and debts as the bytes of [`Circle::encode`], in a buffer that grows as the circle does.
#[derive(Clone, Debug)]
pub struct Packed {
    /// No longer than the circle has ever been in this step: a contract pays for every byte it clears.
    bytes: Vec<u8>,
    layout: Layout,
    members: u8,
    debts: u16,
}

impl Packed {
    /// Nothing yet, to be [filled](Packed::buffer) and [opened](Packed::open).
    #[must_use]
    pub const fn new() -> Self {
        let layout = Layout { columns: 0, row: 1, debts_at: HEAD, tail_at: HEAD };
        Self { bytes: Vec::new(), layout, members: 0, debts: 0 }
    }

    /// Where the `length` bytes of a circle are to be put.
    pub fn buffer(&mut self, length: usize) -> &mut [u8] {
        self.bytes = vec![0; length];
        &mut self.bytes
    }

    /// The circle of the bytes in the buffer. They must be what [`Circle::close`] or
    /// [`Circle::encode`] wrote: they are not checked again.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for bytes that cannot be read at all.
    pub fn open(&mut self) -> Result<Circle<&mut Self>, Refusal> {
        let (circle, layout) = Circle::decode_frame(&self.bytes)?;
        self.layout = layout;
        self.members = circle.len();
        self.debts = circle.debts;
        Ok(circle.swap_rows(self))
    }

    fn row(&self, index: u8) -> &[u8] {
        let at = HEAD + self.layout.row * usize::from(index);
        self.bytes.get(at..at + self.layout.row).unwrap_or_default()
    }

    fn row_mut(&mut self, index: u8) -> &mut [u8] {
        let at = HEAD + self.layout.row * usize::from(index);
        self.bytes.get_mut(at..at + self.layout.row).unwrap_or_default()
    }

    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let rows = self.bytes.get(HEAD..self.layout.debts_at).unwrap_or_default();
        rows.chunks_exact(self.layout.row)
    }

    fn debt_at(&self, debts_at: usize, index: u16) -> Debt {
        let at = debts_at + DEBT * usize::from(index);
        self.bytes.get(at..at + DEBT).map_or(Debt::NONE, decode_debt)
    }

    fn put_debt_at(&mut self, debts_at: usize, index: u16, debt: &Debt) {
        let at = debts_at + DEBT * usize::from(index);
        if let Some(bytes) = self.bytes.get_mut(at..at + DEBT) {
            encode_debt(debt, bytes);
        }
    }

    /// Makes the buffer long enough.
    fn reach(&mut self, end: usize) {
        if self.bytes.len() < end {
            let mut longer = vec![0; end + SPARE];
            copy(&mut longer, &self.bytes);
            self.bytes = longer;
        }
    }

    /// Makes room for one more member, or for columns that no row has had.
    fn relayout(&mut self, columns: u16, members: u8) {
        let new = Layout::new(columns, members, self.debts);
        let old = self.layout;
        self.reach(new.tail_at);
        // From the back, so that nothing is overwritten before it is moved.
        for index in (0..self.debts).rev() {
            let debt = self.debt_at(old.debts_at, index);
            self.put_debt_at(new.debts_at, index, &debt);
        }
        for index in (0..self.members).rev() {
            let seat = decode_row(self.row(index), old.columns);
            self.layout = new;
            encode_row(&seat, columns, self.row_mut(index));
            self.layout = old;
        }
        self.layout = new;
        for index in self.members..members {
            encode_row(&Seat::EMPTY, columns, self.row_mut(index));
        }
        self.members = members;
    }
}

impl Default for Packed {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for &mut Packed {
    fn seat(&self, index: u8) -> Seat {
        if index < self.members {
            decode_row(self.row(index), self.layout.columns)
        } else {
            Seat::EMPTY
        }
    }

    fn turn(&self, index: u8) -> Turn {
        let at = HEAD + self.layout.row * usize::from(index);
        match self.bytes.get(at) {
            Some(turn) if index < self.members => *turn,
            _ => 0,
        }
    }

    fn put(&mut self, index: u8, seat: &Seat) {
        if usize::from(index) >= MAX_MEMBERS {
            return;
        }
        let columns = self.layout.columns | columns_of(seat);
        let members = self.members.max(index + 1);
        if columns != self.layout.columns || members != self.members {
            self.relayout(columns, members);
        }
        encode_row(seat, columns, self.row_mut(index));
    }

    fn sum_of(&self, _len: u8, place: Place) -> Result<Amount, Refusal> {
        let mut sum = Amount::ZERO;
        if let Some(at) = self.layout.amount_at(place) {
            for row in self.rows() {
                add(&mut sum, amount_in(row, at))?;
            }
        }
        Ok(sum)
    }

    /// The columns that steps in time need, so that from the first of them on [`plain`](super::plain) can
    /// take them.
    fn begin_rounds(&mut self, rules: &Rules) {
        let mut columns = self.layout.columns;
        for place in [Place::AHEAD, Place::PAID, Place::RECEIVED] {
            columns |= place.column();
        }
        if rules.instalments_per_round > 1 {
            columns |= ASSESSED;
        }
        self.relayout(columns, self.members);
    }

    fn debt(&self, index: u16) -> Debt {
        if index < self.debts { self.debt_at(self.layout.debts_at, index) } else { Debt::NONE }
    }

    fn put_debt(&mut self, index: u16, debt: &Debt) {
        self.debts = self.debts.max(index + 1);
        let debts_at = self.layout.debts_at;
        self.reach(debts_at + DEBT * usize::from(self.debts));
        self.put_debt_at(debts_at, index, debt);
    }
}

impl<'a> Circle<&'a mut Packed> {
    /// Gives the circle up for its buffer, into which it can be read again.
    #[must_use]
    pub fn into_buffer(self) -> &'a mut Packed {
        self.rows
    }

    /// The bytes of the circle as it is now.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] when they do not fit: never after a step.
    pub fn close(&mut self) -> Result<&[u8], Refusal> {
        let columns = self.rows.layout.columns;
        let tail_at = Layout::new(columns, self.len, self.debts).tail_at;
        let end = tail_at + self.tail_len();
        self.rows.reach(end);
        let mut bytes = core::mem::take(&mut self.rows.bytes);
        bytes.truncate(end);
        self.encode_head(columns, &mut bytes);
        self.encode_tail(bytes.get_mut(tail_at..).unwrap_or_default());
        self.rows.bytes = bytes;
        Ok(&self.rows.bytes)
    }
}
