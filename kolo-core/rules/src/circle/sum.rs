//! Adding and taking away in place, checked.

use super::{MAX_MEMBERS, Refusal};
use crate::Amount;
use crate::split::{Share, split};

/// One amount for each seat.
pub(super) type PerSeat = [Amount; MAX_MEMBERS];

/// Nothing for anybody.
pub(super) const NOTHING: PerSeat = [Amount::ZERO; MAX_MEMBERS];

/// `to` grows by `more`.
#[inline(never)]
pub(super) fn add(to: &mut Amount, more: Amount) -> Result<(), Refusal> {
    *to = to.checked_add(more)?;
    Ok(())
}

/// `from` shrinks by `less`, to zero at the lowest.
#[inline(never)]
pub(super) fn sub(from: &mut Amount, less: Amount) -> Result<(), Refusal> {
    let left = from.checked_sub(less)?;
    if left < Amount::ZERO {
        return Err(Refusal::Overflow);
    }
    *from = left;
    Ok(())
}

/// `total` by `weights`, one per seat; ties go to the earlier seat.
pub(super) fn pro_rata(total: Amount, weights: &PerSeat) -> Result<PerSeat, Refusal> {
    let mut parts = NOTHING;
    if !total.is_zero() {
        split_by(total, weights, &mut parts)?;
    }
    Ok(parts)
}

/// `total` by `weights` into `parts`; ties go to the earlier. As many as a circle has parties at most.
pub(super) fn split_by(
    total: Amount,
    weights: &[Amount],
    parts: &mut [Amount],
) -> Result<(), Refusal> {
    let mut shares = [Share::default(); PARTIES];
    let shares = shares.get_mut(..weights.len()).ok_or(Refusal::Overflow)?;
    for ((order, share), weight) in (0..).zip(&mut *shares).zip(weights) {
        share.order = order;
        share.weight = u64::try_from(weight.minor_units()).map_err(|_| Refusal::Overflow)?;
    }
    split(total, shares)?;
    for (part, share) in parts.iter_mut().zip(shares) {
        *part = share.amount;
    }
    Ok(())
}

/// Instalments ahead, deposits, credits and claims of every seat: all who can share a loss.
pub(super) const PARTIES: usize = 4 * MAX_MEMBERS;

pub(super) fn at(values: &[Amount], index: usize) -> Amount {
    values.get(index).copied().unwrap_or_default()
}

pub(super) fn set(values: &mut [Amount], index: usize, value: Amount) {
    if let Some(slot) = values.get_mut(index) {
        *slot = value;
    }
}
