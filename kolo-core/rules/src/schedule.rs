//! When things are due: UTC seconds plus a fixed offset kept in the rules.

/// The contribution interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interval {
    /// A fixed number of seconds, ≥ 1 (the product's bounds in days are the server's).
    Seconds(u32),
    /// Calendar months (≥ 1): the same day of the month and time of day as the start, in the rules'
    /// offset; the month's last day when it has no such day (31 Jan → 28 Feb → 31 Mar).
    Months(u8),
}

impl Interval {
    /// `start` (Unix seconds) plus `count` intervals. `None` on overflow.
    pub fn after(self, _start: u64, _count: u32, _utc_offset_s: i32) -> Option<u64> { todo!() }
}
