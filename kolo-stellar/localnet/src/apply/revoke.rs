//! RevokeSponsorship: a reserve changes hands.

use stellar_xdr::{
    AccountId, Asset, LedgerEntryData, LedgerKey, OperationResultTr, RevokeSponsorshipOp,
    RevokeSponsorshipOpSigner, RevokeSponsorshipResult, TrustLineAsset,
};

use super::data::is_valid_name;
use super::{Operation, Outcome, Refusal, refuse, reserve_refusal};
use crate::ledger::{
    Accounts, Reserve, is_valid_asset, issuer, set_signer_sponsor, signer_sponsor, sponsor_of,
};

fn revoked(code: RevokeSponsorshipResult) -> OperationResultTr {
    OperationResultTr::RevokeSponsorship(code)
}

pub(super) fn check(op: &RevokeSponsorshipOp) -> Result<(), Refusal> {
    let valid = match op {
        RevokeSponsorshipOp::Signer(_)
        | RevokeSponsorshipOp::LedgerEntry(
            LedgerKey::Account(_) | LedgerKey::ClaimableBalance(_),
        ) => true,
        RevokeSponsorshipOp::LedgerEntry(LedgerKey::Trustline(line)) => {
            is_valid_line(&line.account_id, &line.asset)
        }
        RevokeSponsorshipOp::LedgerEntry(LedgerKey::Offer(offer)) => offer.offer_id > 0,
        RevokeSponsorshipOp::LedgerEntry(LedgerKey::Data(data)) => {
            is_valid_name(data.data_name.as_slice())
        }
        RevokeSponsorshipOp::LedgerEntry(_) => false,
    };
    if valid { Ok(()) } else { refuse(revoked(RevokeSponsorshipResult::Malformed)) }
}

fn is_valid_line(owner: &AccountId, asset: &TrustLineAsset) -> bool {
    let asset = match asset {
        TrustLineAsset::Native => return false,
        TrustLineAsset::PoolShare(_) => return true,
        TrustLineAsset::CreditAlphanum4(asset) => Asset::CreditAlphanum4(asset.clone()),
        TrustLineAsset::CreditAlphanum12(asset) => Asset::CreditAlphanum12(asset.clone()),
    };
    is_valid_asset(&asset) && issuer(&asset) != Some(owner)
}

pub(super) fn revoke(op: &mut Operation<'_, '_>, revoke: &RevokeSponsorshipOp) -> Outcome {
    match revoke {
        RevokeSponsorshipOp::LedgerEntry(key) => of_entry(op, key),
        RevokeSponsorshipOp::Signer(signer) => of_signer(op, signer),
    }
}

fn of_entry(op: &mut Operation<'_, '_>, key: &LedgerKey) -> Outcome {
    let Some(stored) = op.txn.get(key) else {
        return refuse(revoked(RevokeSponsorshipResult::DoesNotExist));
    };
    let old = sponsor_of(&stored.entry.ext);
    let (owner, units) = match &stored.entry.data {
        LedgerEntryData::Account(account) => (Some(account.account_id.clone()), 2),
        LedgerEntryData::Trustline(line) => (Some(line.account_id.clone()), 1),
        LedgerEntryData::Data(data) => (Some(data.account_id.clone()), 1),
        LedgerEntryData::ClaimableBalance(balance) => {
            (None, u32::try_from(balance.claimants.len()).unwrap_or(u32::MAX))
        }
        _ => return refuse(revoked(RevokeSponsorshipResult::DoesNotExist)),
    };
    let is_claimable = owner.is_none();
    // A claimable balance belongs to nobody but its sponsor.
    let counted_as_owner = owner.clone().or_else(|| old.clone());
    let new = new_sponsor(op, old.as_ref(), counted_as_owner.as_ref())?;
    if is_claimable && new.is_none() {
        return refuse(revoked(RevokeSponsorshipResult::OnlyTransferable));
    }
    change(op, &Reserve { owner, units }, old.as_ref(), new.as_ref())?;
    if old != new {
        op.txn.set_sponsor(key, new);
    }
    Ok(revoked(RevokeSponsorshipResult::Success))
}

fn of_signer(op: &mut Operation<'_, '_>, signer: &RevokeSponsorshipOpSigner) -> Outcome {
    let owner = &signer.account_id;
    let account = op.txn.account(owner);
    let index = account.as_ref().and_then(|account| {
        account.signers.iter().position(|known| known.key == signer.signer_key)
    });
    let (Some(account), Some(index)) = (account, index) else {
        return refuse(revoked(RevokeSponsorshipResult::DoesNotExist));
    };
    let old = signer_sponsor(&account, index);
    let new = new_sponsor(op, old.as_ref(), Some(owner))?;
    let reserve = Reserve { owner: Some(owner.clone()), units: 1 };
    change(op, &reserve, old.as_ref(), new.as_ref())?;
    // The reserve changed the account.
    if old != new
        && let Some(mut account) = op.txn.account(owner)
    {
        set_signer_sponsor(&mut account, index, new);
        op.txn.put_account(account);
    }
    Ok(revoked(RevokeSponsorshipResult::Success))
}

/// Who carries the reserve from now on: whoever sponsors the source at this moment, or else the
/// owner. Only who carries it can give it up.
fn new_sponsor(
    op: &Operation<'_, '_>,
    old: Option<&AccountId>,
    owner: Option<&AccountId>,
) -> Result<Option<AccountId>, Refusal> {
    let source = op.source_id();
    if old.or(owner) != Some(&source) {
        return refuse(revoked(RevokeSponsorshipResult::NotSponsor));
    }
    Ok(op.txn.sponsorships.get(&source).filter(|sponsor| Some(*sponsor) != owner).cloned())
}

fn change(
    op: &mut Operation<'_, '_>,
    reserve: &Reserve,
    old: Option<&AccountId>,
    new: Option<&AccountId>,
) -> Result<(), Refusal> {
    let low = || revoked(RevokeSponsorshipResult::LowReserve);
    op.txn.move_reserve(reserve, old, new).map_err(|refusal| reserve_refusal(refusal, low()))
}
