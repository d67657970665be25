//! Applying one transaction: fee, sequence number, signatures, operations, refund.

use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, DiagnosticEvent, ExtensionPoint, LedgerEntryChange, LedgerEntryChanges,
    OperationMetaV2, OperationResult, ScVal, SignerKey, SorobanTransactionMetaExt,
    SorobanTransactionMetaExtV1, SorobanTransactionMetaV2,
};

use super::merge::remove_signer;
use super::{Operation, apply, check, default_results};
use crate::ledger::{Accounts, Txn, account_id};
use crate::soroban::{ModuleCaches, Refundable, Settings};
use crate::tx::{Frame, Reached, Signatures, Stage, TxCode, Validator, Verdict};

/// What came of a transaction.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) verdict: Verdict,
    pub(crate) fee_changes: LedgerEntryChanges,
    pub(crate) changes_before: LedgerEntryChanges,
    /// Empty if the transaction failed.
    pub(crate) operations: Vec<OperationMetaV2>,
    pub(crate) refund_changes: LedgerEntryChanges,
    pub(crate) soroban: Option<SorobanTransactionMetaV2>,
    pub(crate) diagnostics: Vec<DiagnosticEvent>,
    /// What was charged at first, and what was given back of it.
    pub(crate) fee: i64,
    pub(crate) refund: i64,
    refundable: Refundable,
}

/// Applies transactions to a ledger.
pub(crate) struct Applier<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) modules: &'a ModuleCaches,
}

impl Applier<'_> {
    /// Takes the fee. All fees of a ledger are taken before its first operation.
    pub(crate) fn charge(&self, txn: &mut Txn<'_>, frame: &Frame) -> Applied {
        txn.begin();
        let mut fee = 0;
        if let Some(mut account) = txn.account(&frame.fee_source()) {
            // Reserves do not protect from fees that were promised.
            fee = frame.fee_to_charge(txn.context.base_fee).clamp(0, account.balance.max(0));
            account.balance = account.balance.saturating_sub(fee);
            txn.fee_pool = txn.fee_pool.saturating_add(fee);
            txn.put_account(account);
        }
        let fee_changes = txn.changes();
        txn.commit();
        let mut verdict = Verdict::success(fee);
        verdict.operations = default_results(&frame.inner);
        Applied {
            verdict,
            fee_changes,
            changes_before: no_changes(),
            operations: Vec::new(),
            refund_changes: no_changes(),
            soroban: None,
            diagnostics: Vec::new(),
            fee,
            refund: 0,
            refundable: Refundable::new(&frame.inner, self.settings),
        }
    }

    /// Consumes the sequence number and, if all is valid, applies the operations.
    pub(crate) fn apply(
        &self,
        txn: &mut Txn<'_>,
        frame: &Frame,
        applied: &mut Applied,
        seed: [u8; 32],
    ) {
        txn.sponsorships.clear();
        txn.begin();
        self.authorize(txn, frame, applied);
        applied.changes_before = txn.changes();
        txn.commit();
        let mut return_value = None;
        if applied.verdict.is_success() {
            txn.begin();
            return_value = self.operations(txn, frame, applied, seed);
            if applied.verdict.is_success() && !txn.sponsorships.is_empty() {
                applied.verdict.code = TxCode::BadSponsorship;
            }
            if applied.verdict.is_success() {
                txn.commit();
            } else {
                txn.rollback();
            }
        }
        if !applied.verdict.is_success() {
            applied.operations.clear();
            applied.refundable.reset();
        }
        applied.soroban = frame.inner.is_soroban().then(|| {
            let value = return_value.filter(|_| applied.verdict.is_success());
            soroban_meta(&applied.refundable, value)
        });
    }

    /// Gives back what was not used. All refunds of a ledger come after its last operation.
    pub(crate) fn refund(&self, txn: &mut Txn<'_>, frame: &Frame, applied: &mut Applied) {
        let refund = applied.refundable.unused().clamp(0, applied.fee);
        // Without an account (it was merged) the pool keeps it.
        let Some(mut account) = txn.account(&frame.fee_source()).filter(|_| refund > 0) else {
            return;
        };
        if !txn.add_balance(&mut account, refund) {
            return;
        }
        txn.begin();
        txn.put_account(account);
        txn.fee_pool = txn.fee_pool.saturating_sub(refund);
        applied.refund_changes = txn.changes();
        txn.commit();
        applied.refund = refund;
        applied.verdict.fee = applied.verdict.fee.saturating_sub(refund);
    }

    fn authorize(&self, txn: &mut Txn<'_>, frame: &Frame, applied: &mut Applied) {
        let inner = &frame.inner;
        let pays_itself = frame.inner_hash().is_none();
        let mut signatures = Signatures::new(&inner.hash, &inner.signed);
        let validator = Validator { txn, settings: self.settings };
        let (reached, error) = validator.common(inner, &mut signatures, Stage::Apply, pays_itself);
        let mut code = error;
        if reached == Reached::Everything {
            for index in 0..inner.tx.operations.len() {
                let checked = validator.operation_signatures(inner, index, &mut signatures);
                if let Err(refused) = checked {
                    set_result(applied, index, *refused);
                    code = Some(TxCode::Failed);
                }
            }
            if code.is_none() && !signatures.all_used() {
                code = Some(TxCode::BadAuthExtra);
            }
        }
        if reached >= Reached::Sequence
            && let Some(mut account) = txn.account(&inner.source())
        {
            account.seq_num = inner.tx.seq_num.clone();
            txn.note_sequence_change(&mut account);
            txn.put_account(account);
        }
        self.remove_one_time_signers(txn, frame, applied);
        if let Some(code) = code {
            applied.verdict.code = code;
        }
    }

    /// A signer that is a transaction's hash signs once.
    fn remove_one_time_signers(&self, txn: &mut Txn<'_>, frame: &Frame, applied: &mut Applied) {
        let inner = &frame.inner;
        let mut accounts: Vec<AccountId> = vec![inner.source()];
        accounts
            .extend(inner.tx.operations.iter().map(|op| account_id(&inner.operation_source(op))));
        let keys = [
            (SignerKey::PreAuthTx(stellar_xdr::Uint256(inner.hash.0)), accounts),
            (SignerKey::PreAuthTx(stellar_xdr::Uint256(frame.hash.0)), vec![frame.fee_source()]),
        ];
        for (key, accounts) in keys {
            for account in accounts {
                let at = txn.account(&account).and_then(|account| {
                    account.signers.iter().position(|signer| signer.key == key)
                });
                let Some(index) = at else { continue };
                let source = account.clone().into();
                let mut op = self.operation(txn, frame, applied, &source, [0; 32]);
                remove_signer(&mut op, &account, index);
            }
        }
    }

    fn operations(
        &self,
        txn: &mut Txn<'_>,
        frame: &Frame,
        applied: &mut Applied,
        seed: [u8; 32],
    ) -> Option<ScVal> {
        let mut return_value = None;
        for (index, operation) in frame.inner.tx.operations.iter().enumerate() {
            let source = frame.inner.operation_source(operation);
            let source_id = account_id(&source);
            txn.begin();
            let seed = sub_seed(seed, index);
            let mut op = self.operation(txn, frame, applied, &source, seed);
            op.index = u32::try_from(index).unwrap_or(u32::MAX);
            let outcome = if op.txn.account(&source_id).is_none() {
                Err(OperationResult::OpNoAccount.into())
            } else {
                check(&operation.body, &source_id, &frame.inner, self.settings)
                    .and_then(|()| apply(&mut op, &operation.body))
            };
            let Operation { events, diagnostics, return_value: value, .. } = op;
            applied.diagnostics.extend(diagnostics);
            match outcome {
                Ok(result) => {
                    return_value = value.or(return_value);
                    applied.operations.push(OperationMetaV2 {
                        ext: ExtensionPoint::V0,
                        changes: txn.changes(),
                        events: events.try_into().unwrap_or_default(),
                    });
                    set_result(applied, index, OperationResult::OpInner(result));
                    txn.commit();
                }
                Err(refused) => {
                    set_result(applied, index, *refused);
                    applied.verdict.code = TxCode::Failed;
                    txn.rollback();
                }
            }
        }
        return_value
    }

    fn operation<'o, 'base>(
        &'o self,
        txn: &'o mut Txn<'base>,
        frame: &'o Frame,
        applied: &'o mut Applied,
        source: &'o stellar_xdr::MuxedAccount,
        seed: [u8; 32],
    ) -> Operation<'o, 'base> {
        Operation {
            txn,
            source,
            index: 0,
            memo: frame.inner.memo(),
            inner: &frame.inner,
            settings: self.settings,
            modules: self.modules,
            refundable: &mut applied.refundable,
            seed,
            events: Vec::new(),
            return_value: None,
            diagnostics: Vec::new(),
        }
    }
}

/// A seed for the `index`th part of what `seed` is for.
pub(crate) fn sub_seed(seed: [u8; 32], index: usize) -> [u8; 32] {
    let index = u64::try_from(index).unwrap_or(u64::MAX).to_be_bytes();
    Sha256::new().chain_update(seed).chain_update(index).finalize().into()
}

fn set_result(applied: &mut Applied, index: usize, result: OperationResult) {
    if let Some(slot) = applied.verdict.operations.get_mut(index) {
        *slot = result;
    }
}

fn soroban_meta(refundable: &Refundable, return_value: Option<ScVal>) -> SorobanTransactionMetaV2 {
    SorobanTransactionMetaV2 {
        ext: SorobanTransactionMetaExt::V1(SorobanTransactionMetaExtV1 {
            ext: ExtensionPoint::V0,
            total_non_refundable_resource_fee_charged: refundable.non_refundable,
            total_refundable_resource_fee_charged: refundable.used,
            rent_fee_charged: refundable.rent,
        }),
        return_value,
    }
}

fn no_changes() -> LedgerEntryChanges {
    LedgerEntryChanges(Vec::<LedgerEntryChange>::new().try_into().unwrap_or_default())
}
