//! A circle that stays bytes: only the rows a step is about are read and written.

use super::codec::{
    DEBT, HEAD, Layout, MAX_ENCODED, columns_of, copy, decode_debt, decode_row, encode_debt,
    encode_row,
};
use super::{Circle, Debt, MAX_MEMBERS, Refusal, Seat, Store, Turn};

/// Seats and debts as the bytes of [`Circle::encode`], in a buffer with room for the largest circle.
#[derive(Clone, Debug)]
pub struct Packed {
    bytes: [u8; MAX_ENCODED],
    layout: Layout,
    members: u8,
    debts: u16,
}

impl Packed {
    /// A buffer to be filled: of as many bytes as the circle has, to be given to [`Packed::open`].
    #[must_use]
    pub const fn new() -> Self {
        let layout = Layout { columns: 0, row: 1, debts_at: HEAD, tail_at: HEAD };
        Self { bytes: [0; MAX_ENCODED], layout, members: 0, debts: 0 }
    }

    /// Where the bytes of a circle are to be put, from the front.
    pub const fn buffer(&mut self) -> &mut [u8; MAX_ENCODED] {
        &mut self.bytes
    }

    /// The circle of the first `length` bytes of the buffer. They must be what [`Circle::close`] or
    /// [`Circle::encode`] wrote: they are not checked again.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for bytes that cannot be read at all.
    pub fn open(&mut self, length: usize) -> Result<Circle<&mut Self>, Refusal> {
        let bytes = self.bytes.get(..length).ok_or(Refusal::BadEncoding)?;
        let (circle, layout) = Circle::decode_frame(bytes)?;
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

    /// Makes room for one more member, or for columns that no row has had.
    fn relayout(&mut self, columns: u16, members: u8) {
        let new = Layout::new(columns, members, self.debts);
        let old = self.layout;
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

    fn debt(&self, index: u16) -> Debt {
        if index < self.debts { self.debt_at(self.layout.debts_at, index) } else { Debt::NONE }
    }

    fn put_debt(&mut self, index: u16, debt: &Debt) {
        self.debts = self.debts.max(index + 1);
        let debts_at = self.layout.debts_at;
        self.put_debt_at(debts_at, index, debt);
    }
}

impl Circle<&mut Packed> {
    /// The bytes of the circle as it is now.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] when they do not fit: never after a step.
    pub fn close(&mut self) -> Result<&[u8], Refusal> {
        let columns = self.rows.layout.columns;
        let head = self.encode_head(columns);
        let (tail, tail_length) = self.encode_tail();
        let tail_at = Layout::new(columns, self.len, self.debts).tail_at;
        let end = tail_at + tail_length;
        let bytes = self.rows.bytes.get_mut(..end).ok_or(Refusal::BadEncoding)?;
        if let Some(front) = bytes.first_chunk_mut() {
            *front = head;
        }
        copy(bytes.get_mut(tail_at..).unwrap_or_default(), &tail);
        Ok(bytes)
    }
}
