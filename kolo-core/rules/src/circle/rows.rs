//! Where a circle's seats and debts are kept.

use core::fmt;

use super::debts::{Debt, MAX_DEBTS};
use super::seat::Place;
use super::sum::{add, at};
use super::{MAX_MEMBERS, Refusal, Rules, Seat, Turn};
use crate::Amount;

/// Where a circle's seats and debts are kept: in memory ([`Rows`]), or as bytes of which only those
/// are touched that a step is about (a contract pays for every instruction).
///
/// Indexes are below the circle's number of members and of debts; for others, reading gives nothing
/// and writing does nothing.
pub trait Store {
    /// The seat of this number.
    fn seat(&self, index: u8) -> Seat;
    /// The turn of the seat of this number: asked more often than anything else.
    fn turn(&self, index: u8) -> Turn {
        self.seat(index).turn
    }
    /// Replaces it.
    fn put(&mut self, index: u8, seat: &Seat);
    /// The sum of one amount of the first `len` seats.
    ///
    /// # Errors
    /// [`Refusal::Overflow`].
    fn sum_of(&self, len: u8, place: Place) -> Result<Amount, Refusal> {
        let mut sum = Amount::ZERO;
        for index in 0..len {
            add(&mut sum, at(&self.seat(index).amounts(), place.0))?;
        }
        Ok(sum)
    }
    /// The first round begins: what is paid from now on may be given its place.
    fn begin_rounds(&mut self, _rules: &Rules) {}
    /// The debt of this number.
    fn debt(&self, index: u16) -> Debt;
    /// Replaces it.
    fn put_debt(&mut self, index: u16, debt: &Debt);
}

/// Seats and debts in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Rows {
    seats: [Seat; MAX_MEMBERS],
    debts: [Debt; MAX_DEBTS],
}

impl Rows {
    pub(super) fn seats(&self, len: u8) -> &[Seat] {
        self.seats.get(..usize::from(len)).unwrap_or_default()
    }

    pub(super) fn debts(&self, len: u16) -> &[Debt] {
        self.debts.get(..usize::from(len)).unwrap_or_default()
    }
}

/// Only the seats and debts there are.
impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seats = self.seats.iter().filter(|seat| **seat != Seat::EMPTY);
        let debts = self.debts.iter().filter(|debt| **debt != Debt::NONE);
        f.debug_list().entries(seats).finish()?;
        f.debug_list().entries(debts).finish()
    }
}

impl Default for Rows {
    fn default() -> Self {
        Self { seats: [Seat::EMPTY; MAX_MEMBERS], debts: [Debt::NONE; MAX_DEBTS] }
    }
}

impl Store for Rows {
    fn seat(&self, index: u8) -> Seat {
        self.seats.get(usize::from(index)).copied().unwrap_or(Seat::EMPTY)
    }

    fn put(&mut self, index: u8, seat: &Seat) {
        if let Some(slot) = self.seats.get_mut(usize::from(index)) {
            *slot = *seat;
        }
    }

    fn debt(&self, index: u16) -> Debt {
        self.debts.get(usize::from(index)).copied().unwrap_or(Debt::NONE)
    }

    fn put_debt(&mut self, index: u16, debt: &Debt) {
        if let Some(slot) = self.debts.get_mut(usize::from(index)) {
            *slot = *debt;
        }
    }
}
