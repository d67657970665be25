//! Which of the queued transactions a ledger takes.

use std::cmp::Reverse;
use std::rc::Rc;

use crate::settings::LedgerLimits;
use crate::tx::Frame;

/// Splits the queue into what the ledger takes and what waits. Contract transactions come after
/// the classic ones; where the ledger has no room for all of either, the highest fee rates come
/// first.
pub(super) fn select(
    queue: Vec<Rc<Frame>>,
    operations: u32,
    limits: &LedgerLimits,
) -> (Vec<Rc<Frame>>, Vec<Rc<Frame>>) {
    let (mut soroban, classic): (Vec<_>, Vec<_>) =
        queue.into_iter().partition(|frame| frame.inner.is_soroban());
    let (mut chosen, mut waiting) = select_classic(classic, operations.into());
    soroban.sort_by_key(|frame| Reverse(rate(frame)));
    let mut used = Usage::default();
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

fn select_classic(mut classic: Vec<Rc<Frame>>, room: i64) -> (Vec<Rc<Frame>>, Vec<Rc<Frame>>) {
    let all = classic.iter().map(|frame| operations(frame)).fold(0, i64::saturating_add);
    if all <= room {
        return (classic, Vec::new());
    }
    classic.sort_by_key(|frame| Reverse(rate(frame)));
    let mut used = 0_i64;
    classic.into_iter().partition(|frame| {
        let sum = used.saturating_add(operations(frame));
        let fits = sum <= room;
        if fits {
            used = sum;
        }
        fits
    })
}

/// A fee-bump counts as one more.
fn operations(frame: &Frame) -> i64 {
    frame.min_inclusion_fee(1)
}

/// What is offered for inclusion per operation, in a fixed-point form fine enough to tell any two
/// rates apart.
fn rate(frame: &Frame) -> i128 {
    const SCALE: i128 = 1 << 32;
    i128::from(frame.inclusion_fee()).saturating_mul(SCALE) / i128::from(operations(frame).max(1))
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
