//! Whether a transaction may be in a ledger, checked in the network's order.

use stellar_xdr::{OperationBody, OperationResult, SignerKey, TransactionExt};

use super::code::{TxCode, Verdict};
use super::frame::{Frame, Inner, is_soroban};
use super::frozen;
use super::signatures::{Level, Signatures, Signed};
use super::soroban_checks::{self, MAX_RESOURCE_FEE};
use crate::apply::{self, Refusal};
use crate::ledger::{Accounts, Txn, account_id, account_key, last_sequence_change};
use crate::soroban::Settings;

/// Whether the transaction is only offered, or being applied with its fee already taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Submit,
    Apply,
}

/// How far a transaction got before it was found invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reached {
    /// Its sequence number is not consumed.
    Nothing,
    /// Its sequence number is consumed.
    Sequence,
    /// Everything but the operations was found valid.
    Everything,
}

/// Checks transactions against a state.
pub(crate) struct Validator<'v, 'base> {
    pub(crate) txn: &'v Txn<'base>,
    pub(crate) settings: &'v Settings,
}

impl Validator<'_, '_> {
    /// Checks an offered envelope completely.
    pub(crate) fn submit(&self, frame: &Frame) -> Verdict {
        let base_fee = self.txn.context.base_fee;
        let mut verdict = Verdict::success(0);
        verdict.operations = apply::default_results(&frame.inner);
        if frame.full_fee() < 0 || !has_valid_resource_fee(&frame.inner) {
            verdict.outer = Some(TxCode::Malformed);
            return verdict;
        }
        verdict.fee = frame.inner.resource_fee().saturating_add(frame.min_inclusion_fee(base_fee));
        if frame.inner_hash().is_some() {
            verdict.outer = self.fee_bump_error(frame, &mut verdict.fee);
            if verdict.outer.is_some() {
                return verdict;
            }
        }
        self.submit_inner(frame, &mut verdict);
        verdict
    }

    fn submit_inner(&self, frame: &Frame, verdict: &mut Verdict) {
        let inner = &frame.inner;
        let mut signatures = Signatures::new(&inner.hash, &inner.signed);
        let pays_itself = frame.inner_hash().is_none();
        if let (_, Some(code)) = self.common(inner, &mut signatures, Stage::Submit, pays_itself) {
            verdict.code = code;
            return;
        }
        for (index, operation) in inner.tx.operations.iter().enumerate() {
            let source = account_id(&inner.operation_source(operation));
            let checked = self
                .operation_signatures(inner, index, &mut signatures)
                .and_then(|()| apply::check(&operation.body, &source, inner, self.settings));
            if let Err(refused) = checked {
                set_result(verdict, index, *refused);
                verdict.code = TxCode::Failed;
                return;
            }
        }
        if !signatures.all_used() {
            verdict.code = TxCode::BadAuthExtra;
        }
    }

    /// Everything about the (inner) transaction but its operations.
    pub(crate) fn common(
        &self,
        inner: &Inner,
        signatures: &mut Signatures<'_>,
        stage: Stage,
        pays_itself: bool,
    ) -> (Reached, Option<TxCode>) {
        if let Some(code) = self.static_error(inner, pays_itself) {
            return (Reached::Nothing, Some(code));
        }
        let Some(account) = self.txn.account(&inner.source()) else {
            return (Reached::Nothing, Some(TxCode::NoAccount));
        };
        if frozen::accesses(inner, &self.settings.frozen) {
            return (Reached::Nothing, Some(TxCode::FrozenKeyAccessed));
        }
        if self.is_bad_sequence(inner, account.seq_num.0) {
            return (Reached::Nothing, Some(TxCode::BadSeq));
        }
        if self.is_too_early_for_account(inner, last_sequence_change(&account)) {
            return (Reached::Sequence, Some(TxCode::BadMinSeqAgeOrGap));
        }
        let extra_signers = inner.preconditions().map_or(&[][..], |v2| v2.extra_signers.as_slice());
        if !signatures.authorize(&account, Level::Low) || !signatures.authorize_extra(extra_signers)
        {
            return (Reached::Sequence, Some(TxCode::BadAuth));
        }
        let fee = if stage == Stage::Submit { inner.full_fee() } else { 0 };
        if pays_itself && self.txn.available_balance(&account) < fee {
            return (Reached::Sequence, Some(TxCode::InsufficientBalance));
        }
        (Reached::Everything, None)
    }

    /// Whether the operation's source account has authorised it.
    pub(crate) fn operation_signatures(
        &self,
        inner: &Inner,
        index: usize,
        signatures: &mut Signatures<'_>,
    ) -> Result<(), Refusal> {
        let Some(operation) = inner.tx.operations.get(index) else {
            return Ok(());
        };
        let source = account_id(&inner.operation_source(operation));
        let authorized = match self.txn.account(&source) {
            Some(account) => signatures.authorize(&account, apply::level(&operation.body)),
            // An account may be created by an earlier operation of the same transaction.
            None if operation.source_account.is_some() => signatures.authorize_missing(&source),
            None => return Err(OperationResult::OpNoAccount.into()),
        };
        if authorized { Ok(()) } else { Err(OperationResult::OpBadAuth.into()) }
    }

    fn fee_bump_error(&self, frame: &Frame, fee: &mut i64) -> Option<TxCode> {
        let base_fee = self.txn.context.base_fee;
        let (outer_fee, outer_min) = (frame.inclusion_fee(), frame.min_inclusion_fee(base_fee));
        if outer_fee < outer_min {
            return Some(TxCode::InsufficientFee);
        }
        let (inner_fee, inner_min) =
            (frame.inner.inclusion_fee(), frame.inner.min_inclusion_fee(base_fee));
        if inner_fee >= 0 {
            // The outer fee rate must not be lower than the inner one.
            let offered = i128::from(outer_fee).saturating_mul(inner_min.into());
            let needed = i128::from(inner_fee).saturating_mul(outer_min.into());
            if offered < needed {
                let rate = i128::from(inner_min.max(1));
                let least = needed.saturating_add(rate - 1).div_euclid(rate);
                *fee = i64::try_from(least).unwrap_or(i64::MAX);
                return Some(TxCode::InsufficientFee);
            }
        } else if !frame.inner.is_soroban() {
            return Some(TxCode::Malformed);
        }
        let Some(account) = self.txn.account(&frame.fee_source()) else {
            return Some(TxCode::NoAccount);
        };
        let unsigned = Signed::default();
        let signed = frame.bump_signatures().unwrap_or(&unsigned);
        let mut signatures = Signatures::new(&frame.hash, signed);
        if !signatures.authorize(&account, Level::Low) {
            return Some(TxCode::BadAuth);
        }
        if self.txn.available_balance(&account) < frame.full_fee() {
            return Some(TxCode::InsufficientBalance);
        }
        if self.settings.frozen.contains(&account_key(&frame.fee_source())) {
            return Some(TxCode::FrozenKeyAccessed);
        }
        (!signatures.all_used()).then_some(TxCode::BadAuthExtra)
    }

    /// What does not depend on the source account.
    fn static_error(&self, inner: &Inner, pays_itself: bool) -> Option<TxCode> {
        if !has_valid_extra_signers(inner) {
            return Some(TxCode::Malformed);
        }
        if inner.tx.operations.is_empty() {
            return Some(TxCode::MissingOperation);
        }
        if !has_consistent_operations(inner) {
            return Some(TxCode::Malformed);
        }
        if inner.is_soroban() {
            if !soroban_checks::is_valid(inner, self.settings, pays_itself) {
                return Some(TxCode::SorobanInvalid);
            }
        } else if inner.tx.ext != TransactionExt::V0 {
            return Some(TxCode::Malformed);
        }
        if self.is_too_early(inner) {
            return Some(TxCode::TooEarly);
        }
        if self.is_too_late(inner) {
            return Some(TxCode::TooLate);
        }
        let minimum = inner.min_inclusion_fee(self.txn.context.base_fee);
        (pays_itself && inner.inclusion_fee() < minimum).then_some(TxCode::InsufficientFee)
    }

    fn is_too_early(&self, inner: &Inner) -> bool {
        let context = &self.txn.context;
        let by_time =
            inner.time_bounds().is_some_and(|bounds| bounds.min_time.0 > context.close_time);
        let ledgers = inner.preconditions().and_then(|v2| v2.ledger_bounds.as_ref());
        by_time || ledgers.is_some_and(|bounds| bounds.min_ledger > context.sequence)
    }

    fn is_too_late(&self, inner: &Inner) -> bool {
        let context = &self.txn.context;
        let by_time = inner
            .time_bounds()
            .is_some_and(|bounds| bounds.max_time.0 != 0 && bounds.max_time.0 < context.close_time);
        let ledgers = inner.preconditions().and_then(|v2| v2.ledger_bounds.as_ref());
        by_time
            || ledgers.is_some_and(|bounds| {
                bounds.max_ledger != 0 && bounds.max_ledger <= context.sequence
            })
    }

    fn is_bad_sequence(&self, inner: &Inner, current: i64) -> bool {
        let wanted = inner.tx.seq_num.0;
        if wanted == starting_sequence(self.txn.context.sequence) {
            return true;
        }
        match inner.preconditions().and_then(|v2| v2.min_seq_num.as_ref()) {
            Some(least) => current < least.0 || current >= wanted,
            None => current.checked_add(1) != Some(wanted),
        }
    }

    fn is_too_early_for_account(&self, inner: &Inner, (ledger, time): (u32, u64)) -> bool {
        let Some(v2) = inner.preconditions() else {
            return false;
        };
        let context = &self.txn.context;
        let aged = context.close_time.checked_sub(v2.min_seq_age.0);
        let gapped = context.sequence.checked_sub(v2.min_seq_ledger_gap);
        aged.is_none_or(|since| since < time) || gapped.is_none_or(|since| since < ledger)
    }
}

/// The sequence number that accounts created in this ledger begin with.
pub(crate) fn starting_sequence(ledger: u32) -> i64 {
    i64::from(ledger) << 32
}

fn set_result(verdict: &mut Verdict, index: usize, result: OperationResult) {
    if let Some(slot) = verdict.operations.get_mut(index) {
        *slot = result;
    }
}

fn has_valid_resource_fee(inner: &Inner) -> bool {
    !inner.is_soroban()
        || inner
            .soroban_data()
            .is_some_and(|data| (0..=MAX_RESOURCE_FEE).contains(&data.resource_fee))
}

fn has_valid_extra_signers(inner: &Inner) -> bool {
    let signers = inner.preconditions().map_or(&[][..], |v2| v2.extra_signers.as_slice());
    let empty_payload = |key: &SignerKey| matches!(key, SignerKey::Ed25519SignedPayload(signed) if signed.payload.is_empty());
    let repeated = matches!(signers, [first, second] if first == second);
    !repeated && !signers.iter().any(empty_payload)
}

/// A Soroban operation stands alone.
fn has_consistent_operations(inner: &Inner) -> bool {
    let soroban = |operation: &OperationBody| is_soroban(operation);
    let operations = &inner.tx.operations;
    !operations.iter().any(|operation| soroban(&operation.body)) || operations.len() == 1
}
