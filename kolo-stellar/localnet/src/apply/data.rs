//! ManageData.

use stellar_xdr::{
    DataEntry, DataEntryExt, LedgerEntryData, LedgerKey, LedgerKeyData, ManageDataOp,
    ManageDataResult, OperationResultTr,
};

use super::{Operation, Outcome, Refusal, refuse, reserve_refusal};

fn managed(code: ManageDataResult) -> OperationResultTr {
    OperationResultTr::ManageData(code)
}

pub(super) fn check(op: &ManageDataOp) -> Result<(), Refusal> {
    if !is_valid_name(op.data_name.as_slice()) {
        return refuse(managed(ManageDataResult::InvalidName));
    }
    Ok(())
}

/// A name is not empty and has no control characters.
pub(super) fn is_valid_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_control())
}

pub(super) fn manage(op: &mut Operation<'_, '_>, manage: &ManageDataOp) -> Outcome {
    let owner = op.source_id();
    let key = LedgerKey::Data(LedgerKeyData {
        account_id: owner.clone(),
        data_name: manage.data_name.clone(),
    });
    let known = op.txn.get(&key);
    let Some(value) = &manage.data_value else {
        let Some(known) = known else {
            return refuse(managed(ManageDataResult::NameNotFound));
        };
        op.txn.release_subentry(&owner, &known.entry.ext);
        op.txn.erase(key);
        return Ok(managed(ManageDataResult::Success));
    };
    let data = LedgerEntryData::Data(DataEntry {
        account_id: owner.clone(),
        data_name: manage.data_name.clone(),
        data_value: value.clone(),
        ext: DataEntryExt::V0,
    });
    if known.is_some() {
        op.txn.put(key, data, None);
    } else {
        let entry = op
            .txn
            .reserve_subentry(&owner, data)
            .map_err(|refusal| reserve_refusal(refusal, managed(ManageDataResult::LowReserve)))?;
        op.txn.put_entry(key, entry, None);
    }
    Ok(managed(ManageDataResult::Success))
}
