//! What a ledger says about its transactions: metadata, and events in their order.

use std::rc::Rc;
use std::sync::Arc;

use stellar_xdr::{
    ContractEvent, ExtensionPoint, TransactionEvent, TransactionEventStage, TransactionMeta,
    TransactionMetaV4,
};

use crate::apply::{Applied, fee_event};
use crate::ledger::LedgerContext;
use crate::model::{EventPosition, EventRecord, EventStage, TxRecord};
use crate::tx::Frame;

/// The largest transaction index a TOID holds: refunds come after all transactions.
const AFTER_ALL: u32 = 0xf_ffff;

/// The records of one ledger.
pub(super) struct Records {
    context: LedgerContext,
    records: Vec<Arc<TxRecord>>,
    /// Fees and refunds are counted over the whole ledger.
    fees: u32,
    refunds: u32,
}

impl Records {
    pub(super) fn new(context: LedgerContext) -> Self {
        Self { context, records: Vec::new(), fees: 0, refunds: 0 }
    }

    pub(super) fn finish(self) -> Vec<Arc<TxRecord>> {
        self.records
    }

    pub(super) fn add(&mut self, frame: Rc<Frame>, applied: Applied) {
        let index = u32::try_from(self.records.len()).unwrap_or(AFTER_ALL).saturating_add(1);
        let payer = frame.fee_source();
        let mut tx_events = Vec::new();
        let mut found = Vec::new();
        if applied.fee != 0 {
            let event = fee_event(self.context.network_id, &payer, applied.fee);
            let position = self.position(0, 0, self.fees);
            self.fees = self.fees.saturating_add(1);
            tx_events.push(TransactionEvent {
                stage: TransactionEventStage::BeforeAllTxs,
                event: event.clone(),
            });
            found.push((position, EventStage::BeforeAllTransactions, event));
        }
        for (op, meta) in (0..).zip(&applied.operations) {
            for (at, event) in (0..).zip(meta.events.iter()) {
                let position = self.position(index, op, at);
                found.push((position, EventStage::Operation(op), event.clone()));
            }
        }
        if applied.refund != 0 {
            let refund = applied.refund.saturating_neg();
            let event = fee_event(self.context.network_id, &payer, refund);
            let position = self.position(AFTER_ALL, 0, self.refunds);
            self.refunds = self.refunds.saturating_add(1);
            tx_events.push(TransactionEvent {
                stage: TransactionEventStage::AfterAllTxs,
                event: event.clone(),
            });
            found.push((position, EventStage::AfterAllTransactions, event));
        }
        let events = self.events(&frame, applied.verdict.is_success(), found);
        self.records.push(Arc::new(self.record(frame, applied, index, tx_events, events)));
    }

    fn record(
        &self,
        frame: Rc<Frame>,
        applied: Applied,
        index: u32,
        tx_events: Vec<TransactionEvent>,
        events: Vec<EventRecord>,
    ) -> TxRecord {
        let result = applied.verdict.result(frame.inner_hash());
        // Lists of changes and events never come near the 32-bit bound of a VecM.
        let meta = TransactionMeta::V4(TransactionMetaV4 {
            ext: ExtensionPoint::V0,
            tx_changes_before: applied.changes_before,
            operations: applied.operations.try_into().unwrap_or_default(),
            tx_changes_after: stellar_xdr::LedgerEntryChanges::default(),
            soroban_meta: applied.soroban,
            events: tx_events.try_into().unwrap_or_default(),
            diagnostic_events: applied.diagnostics.try_into().unwrap_or_default(),
        });
        TxRecord {
            hash: frame.hash.clone(),
            inner_hash: frame.inner_hash().cloned(),
            // A copy only where the queue keeps the frame until the ledger has closed.
            envelope: Rc::try_unwrap(frame)
                .map_or_else(|shared| shared.envelope.clone(), |frame| frame.envelope),
            fee_charged: result.fee_charged,
            result,
            meta,
            fee_changes: applied.fee_changes,
            refund_changes: applied.refund_changes,
            events,
            ledger: self.context.sequence,
            close_time: self.context.close_time,
            index,
        }
    }

    fn events(
        &self,
        frame: &Frame,
        successful: bool,
        found: Vec<(EventPosition, EventStage, ContractEvent)>,
    ) -> Vec<EventRecord> {
        found
            .into_iter()
            .map(|(position, stage, event)| EventRecord {
                position,
                stage,
                tx_hash: frame.hash.clone(),
                close_time: self.context.close_time,
                successful,
                event,
            })
            .collect()
    }

    fn position(&self, tx: u32, op: u32, event: u32) -> EventPosition {
        EventPosition { ledger: self.context.sequence, tx, op, event }
    }
}
