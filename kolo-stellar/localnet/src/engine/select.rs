//! Which of the queued transactions a ledger takes.

use std::cmp::Reverse;

use crate::settings::LedgerLimits;
use crate::tx::Frame;

/// Splits the queue into what the ledger takes and what waits. Contract transactions come after
/// the classic ones, highest inclusion fee first, as long as the ledger has room for them.
pub(super) fn select(queue: Vec<Frame>, limits: &LedgerLimits) -> (Vec<Frame>, Vec<Frame>) {
    let (mut soroban, mut chosen): (Vec<_>, Vec<_>) =
        queue.into_iter().partition(|frame| frame.inner.is_soroban());
    soroban.sort_by_key(|frame| Reverse(rate(frame)));
    let mut used = Usage::default();
    let mut waiting = Vec::new();
    for frame in soroban {
        match used.with(&frame).filter(|sum| sum.is_within(limits)) {
            Some(sum) => {
                used = sum;
                chosen.push(frame);
            }
            None => waiting.push(frame),
        }
    }
    (chosen, waiting)
}

/// What is offered for inclusion per unit; a fee-bump counts as two. In halves, so that it stays a
/// whole number.
fn rate(frame: &Frame) -> i64 {
    let halves = if frame.inner_hash().is_some() { 1 } else { 2 };
    frame.inclusion_fee().saturating_mul(halves)
}

/// What contract transactions use together.
#[derive(Clone, Copy, Default)]
struct Usage {
    transactions: u32,
    instructions: i64,
    disk_read_entries: u32,
    disk_read_bytes: u32,
    write_entries: u32,
    write_bytes: u32,
    envelope_bytes: u32,
}

impl Usage {
    /// `None` if that cannot be counted any more.
    fn with(self, frame: &Frame) -> Option<Self> {
        let Some(data) = frame.inner.soroban_data() else {
            return Some(self);
        };
        let resources = &data.resources;
        let writes = u32::try_from(resources.footprint.read_write.len()).ok()?;
        Some(Self {
            transactions: self.transactions.checked_add(1)?,
            instructions: self.instructions.checked_add(resources.instructions.into())?,
            disk_read_entries: self.disk_read_entries.checked_add(frame.inner.disk_reads(data))?,
            disk_read_bytes: self.disk_read_bytes.checked_add(resources.disk_read_bytes)?,
            write_entries: self.write_entries.checked_add(writes)?,
            write_bytes: self.write_bytes.checked_add(resources.write_bytes)?,
            envelope_bytes: self.envelope_bytes.checked_add(frame.inner.size)?,
        })
    }

    fn is_within(&self, limits: &LedgerLimits) -> bool {
        self.transactions <= limits.transactions
            && self.instructions <= limits.instructions
            && self.disk_read_entries <= limits.disk_read_entries
            && self.disk_read_bytes <= limits.disk_read_bytes
            && self.write_entries <= limits.write_entries
            && self.write_bytes <= limits.write_bytes
            && self.envelope_bytes <= limits.envelope_bytes
    }
}
