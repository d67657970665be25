//! BeginSponsoringFutureReserves and EndSponsoringFutureReserves.

use stellar_xdr::{
    AccountId, BeginSponsoringFutureReservesOp, BeginSponsoringFutureReservesResult as Begin,
    EndSponsoringFutureReservesResult as End, OperationResultTr,
};

use super::{Operation, Outcome, Refusal, refuse};

fn begun(code: Begin) -> OperationResultTr {
    OperationResultTr::BeginSponsoringFutureReserves(code)
}

pub(super) fn check_begin(
    op: &BeginSponsoringFutureReservesOp,
    source: &AccountId,
) -> Result<(), Refusal> {
    if op.sponsored_id == *source {
        return refuse(begun(Begin::Malformed));
    }
    Ok(())
}

/// From here to the End of the sponsored account, whatever it creates is paid for by the source.
pub(super) fn begin(
    op: &mut Operation<'_, '_>,
    begin: &BeginSponsoringFutureReservesOp,
) -> Outcome {
    let sponsor = op.source_id();
    let active = &mut op.txn.sponsorships;
    if active.contains_key(&begin.sponsored_id) {
        return refuse(begun(Begin::AlreadySponsored));
    }
    let sponsored_sponsors = active.values().any(|other| *other == begin.sponsored_id);
    if active.contains_key(&sponsor) || sponsored_sponsors {
        return refuse(begun(Begin::Recursive));
    }
    active.insert(begin.sponsored_id.clone(), sponsor);
    Ok(begun(Begin::Success))
}

pub(super) fn end(op: &mut Operation<'_, '_>) -> Outcome {
    let ended = |code| OperationResultTr::EndSponsoringFutureReserves(code);
    if op.txn.sponsorships.remove(&op.source_id()).is_none() {
        return refuse(ended(End::NotSponsored));
    }
    Ok(ended(End::Success))
}
