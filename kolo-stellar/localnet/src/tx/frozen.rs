//! Keys the network has frozen (CAP-0077): what would touch them is invalid.

use std::collections::BTreeSet;

use stellar_xdr::{
    AccountId, Asset, LedgerKey, MuxedAccount, Operation, OperationBody, RevokeSponsorshipOp,
    TrustLineAsset,
};

use super::frame::Inner;
use crate::ledger::{
    account_id, account_key, change_trust_asset, issuer, line_asset, trustline_key,
};

/// Whether the transaction or one of its operations would touch a frozen key, as far as it can be
/// told without looking at the state.
pub(super) fn accesses(inner: &Inner, frozen: &BTreeSet<LedgerKey>) -> bool {
    if frozen.is_empty() {
        return false;
    }
    let footprint = inner.soroban_data().filter(|_| inner.is_soroban()).map(|data| {
        let footprint = &data.resources.footprint;
        footprint.read_only.iter().chain(footprint.read_write.iter())
    });
    frozen.contains(&account_key(&inner.source()))
        || footprint.into_iter().flatten().any(|key| frozen.contains(key))
        || inner.tx.operations.iter().any(|operation| operation_accesses(inner, operation, frozen))
}

fn operation_accesses(inner: &Inner, operation: &Operation, frozen: &BTreeSet<LedgerKey>) -> bool {
    let source = account_id(&inner.operation_source(operation));
    frozen.contains(&account_key(&source))
        || touched(&operation.body, &source).iter().any(|key| frozen.contains(key))
}

fn touched(body: &OperationBody, source: &AccountId) -> Vec<LedgerKey> {
    match body {
        OperationBody::CreateAccount(op) => vec![account_key(&op.destination)],
        OperationBody::AccountMerge(destination) => vec![account_key(&account_id(destination))],
        OperationBody::Payment(op) => {
            [own(source, &op.asset), received(&op.destination, &op.asset)].concat()
        }
        OperationBody::PathPaymentStrictReceive(op) => {
            [own(source, &op.send_asset), received(&op.destination, &op.dest_asset)].concat()
        }
        OperationBody::PathPaymentStrictSend(op) => {
            [own(source, &op.send_asset), received(&op.destination, &op.dest_asset)].concat()
        }
        OperationBody::ChangeTrust(op) => {
            change_trust_asset(&op.line).map_or_else(Vec::new, |asset| own(source, &asset))
        }
        OperationBody::CreateClaimableBalance(op) => own(source, &op.asset),
        OperationBody::Clawback(op) => own(&account_id(&op.from), &op.asset),
        OperationBody::SetTrustLineFlags(op) => own(&op.trustor, &op.asset),
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::LedgerEntry(key)) => {
            vec![key.clone()]
        }
        OperationBody::RevokeSponsorship(RevokeSponsorshipOp::Signer(signer)) => {
            vec![account_key(&signer.account_id)]
        }
        _ => Vec::new(),
    }
}

/// The trustline; lumens have none.
fn own(who: &AccountId, asset: &Asset) -> Vec<LedgerKey> {
    match asset {
        Asset::Native => Vec::new(),
        asset => vec![trustline_key(who, &line_asset(asset))],
    }
}

fn received(to: &MuxedAccount, asset: &Asset) -> Vec<LedgerKey> {
    holding(&account_id(to), asset)
}

/// Where somebody's balance of an asset is: the account or a trustline.
pub(crate) fn holding(who: &AccountId, asset: &Asset) -> Vec<LedgerKey> {
    match asset {
        Asset::Native => vec![account_key(who)],
        asset => own(who, asset),
    }
}

/// Whether the network freezes such a key at all: an account, a trustline other than an issuer's
/// or a pool's, or an entry of contracts.
pub(crate) fn can_be_frozen(key: &LedgerKey) -> bool {
    match key {
        LedgerKey::Account(_) | LedgerKey::ContractData(_) | LedgerKey::ContractCode(_) => true,
        LedgerKey::Trustline(line) => {
            let asset = match &line.asset {
                TrustLineAsset::CreditAlphanum4(asset) => Asset::CreditAlphanum4(asset.clone()),
                TrustLineAsset::CreditAlphanum12(asset) => Asset::CreditAlphanum12(asset.clone()),
                TrustLineAsset::Native | TrustLineAsset::PoolShare(_) => return false,
            };
            issuer(&asset) != Some(&line.account_id)
        }
        _ => false,
    }
}
