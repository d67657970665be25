//! A ledger's `LedgerCloseMeta`: the form in which followers of the network read ledgers.

use stellar_xdr::{
    DependentTxCluster, ExtensionPoint, GeneralizedTransactionSet, LedgerCloseMeta,
    LedgerCloseMetaExt, LedgerCloseMetaV2, LedgerEntryChanges, LedgerHeaderHistoryEntry,
    OperationBody, ParallelTxExecutionStage, ParallelTxsComponent, TransactionEnvelope,
    TransactionPhase, TransactionResultMetaV1, TransactionResultPair, TransactionSetV1,
    TxSetComponent, TxSetComponentTxsMaybeDiscountedFee, VecM,
};

use super::jsonrpc::RpcError;
use crate::model::TxRecord;

/// The metadata of a ledger with these transactions, as far as this network has it: no fee
/// processing, upgrades, consensus messages or evicted keys.
pub(super) fn close_meta(
    header: LedgerHeaderHistoryEntry,
    transactions: &[TxRecord],
) -> Result<LedgerCloseMeta, RpcError> {
    let processing = transactions.iter().map(result_meta).collect::<Vec<_>>();
    Ok(LedgerCloseMeta::V2(LedgerCloseMetaV2 {
        ext: LedgerCloseMetaExt::V0,
        tx_set: tx_set(&header, transactions)?,
        ledger_header: header,
        tx_processing: list(processing)?,
        upgrades_processing: VecM::default(),
        scp_info: VecM::default(),
        total_byte_size_of_live_soroban_state: 0,
        evicted_keys: VecM::default(),
    }))
}

fn result_meta(tx: &TxRecord) -> TransactionResultMetaV1 {
    TransactionResultMetaV1 {
        ext: ExtensionPoint::V0,
        result: TransactionResultPair {
            transaction_hash: tx.hash.clone(),
            result: tx.result.clone(),
        },
        fee_processing: LedgerEntryChanges::default(),
        tx_apply_processing: tx.meta.clone(),
        post_tx_apply_fee_processing: LedgerEntryChanges::default(),
    }
}

/// Classic transactions in the first phase, contract transactions in the second, which has one
/// stage of one cluster: they were applied one after the other.
fn tx_set(
    header: &LedgerHeaderHistoryEntry,
    transactions: &[TxRecord],
) -> Result<GeneralizedTransactionSet, RpcError> {
    let (contract, classic): (Vec<_>, Vec<_>) = transactions
        .iter()
        .map(|tx| tx.envelope.clone())
        .partition(|envelope| operations(envelope).iter().any(is_contract_operation));
    let component = TxSetComponentTxsMaybeDiscountedFee {
        base_fee: None,
        txs: list(classic.clone())?,
    };
    let components = if classic.is_empty() {
        vec![]
    } else {
        vec![TxSetComponent::TxsetCompTxsMaybeDiscountedFee(component)]
    };
    let cluster = DependentTxCluster(list(contract.clone())?);
    let stages = if contract.is_empty() {
        vec![]
    } else {
        vec![ParallelTxExecutionStage(list(vec![cluster])?)]
    };
    let phases = vec![
        TransactionPhase::V0(list(components)?),
        TransactionPhase::V1(ParallelTxsComponent {
            base_fee: None,
            execution_stages: list(stages)?,
        }),
    ];
    Ok(GeneralizedTransactionSet::V1(TransactionSetV1 {
        previous_ledger_hash: header.header.previous_ledger_hash.clone(),
        phases: list(phases)?,
    }))
}

/// The operations of an envelope; those of the inner one of a fee-bump.
pub(super) fn operations(envelope: &TransactionEnvelope) -> &[stellar_xdr::Operation] {
    match envelope {
        TransactionEnvelope::TxV0(v0) => &v0.tx.operations,
        TransactionEnvelope::Tx(v1) => &v1.tx.operations,
        TransactionEnvelope::TxFeeBump(bump) => {
            let stellar_xdr::FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
            &inner.tx.operations
        }
    }
}

/// Whether an operation needs the contract host, and with it resources and resource fees.
pub(super) fn is_contract_operation(operation: &stellar_xdr::Operation) -> bool {
    matches!(
        operation.body,
        OperationBody::InvokeHostFunction(_)
            | OperationBody::ExtendFootprintTtl(_)
            | OperationBody::RestoreFootprint(_)
    )
}

fn list<T>(rows: Vec<T>) -> Result<VecM<T>, RpcError> {
    rows.try_into()
        .map_err(|_| RpcError::internal("the ledger is too large to be written as XDR"))
}
