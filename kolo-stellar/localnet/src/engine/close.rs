//! Closing a ledger.

use std::rc::Rc;
use std::sync::Arc;

use stellar_xdr::{ConfigSettingEntry, LedgerEntryData, LedgerKey};

use super::Engine;
use super::header::{self, Closing};
use super::record::Records;
use super::select::select;
use crate::apply::{Applier, sub_seed};
use crate::ledger::{LedgerContext, Txn};
use crate::model::{ClosedLedger, EntryChange, TxRecord};
use crate::network::{Close, NetworkError, PACE_S};
use crate::soroban::Settings;
use crate::tx::{Frame, Validator};

/// A setting's new value.
type Upgrade = (LedgerKey, ConfigSettingEntry);

impl Engine {
    /// Closes a ledger with everything that is queued.
    pub(crate) fn close_ledger(&mut self) -> Result<ClosedLedger, NetworkError> {
        self.close_at(self.next_context(), None)
    }

    /// Closes an empty ledger when the latest is older than a real network's would be.
    pub(crate) fn keep_pace(&mut self) -> Result<(), NetworkError> {
        let latest = self.header.header.scp_value.close_time.0;
        if self.now() < latest.saturating_add(PACE_S) {
            return Ok(());
        }
        self.close_ledger().map(drop)
    }

    /// Closes a ledger whose sequence is `count` higher than the latest.
    pub(crate) fn advance_ledgers(&mut self, count: u32) -> Result<ClosedLedger, NetworkError> {
        let mut context = self.next_context();
        let Some(sequence) = self.sequence().checked_add(count.max(1)) else {
            return Err(NetworkError::Refused(format!(
                "{count} more ledgers are more than a ledger sequence can count"
            )));
        };
        context.sequence = sequence;
        self.close_at(context, None)
    }

    /// Closes a ledger `seconds` from now, and stays ahead by as much.
    pub(crate) fn advance_time(&mut self, seconds: u64) -> Result<ClosedLedger, NetworkError> {
        // Beyond what a signed 64-bit time holds, other programs could not read a ledger.
        let latest = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
        if self.now().checked_add(seconds).is_none_or(|then| then > latest) {
            return Err(NetworkError::Refused(format!(
                "{seconds} more seconds are beyond the end of time; advance by fewer"
            )));
        }
        self.lead_s = self.lead_s.saturating_add(seconds);
        self.close_ledger()
    }

    /// Closes a ledger that changes a setting after its transactions.
    pub(super) fn close_with(&mut self, upgrade: Upgrade) -> Result<ClosedLedger, NetworkError> {
        self.close_at(self.next_context(), Some(upgrade))
    }

    fn close_at(
        &mut self,
        context: LedgerContext,
        upgrade: Option<Upgrade>,
    ) -> Result<ClosedLedger, NetworkError> {
        let upgrades = upgrade.is_some();
        let operations = header::operations_after(&self.header.header);
        let (frames, waiting) = select(self.due(context), operations, &self.settings.ledger_limits);
        let envelopes = frames.iter().map(|frame| &frame.envelope);
        let tx_set_hash = header::hash(&header::tx_set(&self.header.hash, envelopes));
        let (transactions, changes, fee_pool) = self.run(frames, context, tx_set_hash.0, upgrade);
        let closing = Closing {
            sequence: context.sequence,
            close_time: context.close_time,
            fee_pool,
            tx_set_hash,
            transactions: &transactions,
            changes: &changes,
        };
        let header = header::next(&self.header, &closing);
        let ledger = ClosedLedger { header, transactions, changes };
        // From here on the ledger exists; until here nothing of it does.
        self.store.append(&self.passphrase, &ledger)?;
        let state = Rc::make_mut(&mut self.state);
        for (key, entry) in &ledger.changes {
            state.set(key, entry.as_ref());
        }
        self.header = ledger.header.clone();
        self.queue = waiting;
        if upgrades {
            self.settings = Settings::load(&self.state).map_err(NetworkError::Refused)?;
        }
        Ok(ledger)
    }

    /// The queue without what has become invalid while it waited: that is not charged for.
    fn due(&mut self, context: LedgerContext) -> Vec<Rc<Frame>> {
        if self.close == Close::Instant {
            // Looked at just now, and not to wait should this ledger not close.
            return std::mem::take(&mut self.queue);
        }
        let txn = Txn::new(&self.state, context, self.header.header.fee_pool);
        let validator = Validator { txn: &txn, settings: &self.settings };
        let valid = |frame: &&Rc<Frame>| validator.submit(frame).is_success();
        self.queue.iter().filter(valid).cloned().collect()
    }

    /// Applies the transactions: all fees, then each transaction, then all refunds.
    fn run(
        &self,
        frames: Vec<Rc<Frame>>,
        context: LedgerContext,
        seed: [u8; 32],
        upgrade: Option<Upgrade>,
    ) -> (Vec<Arc<TxRecord>>, Vec<EntryChange>, i64) {
        let applier = Applier { settings: &self.settings, modules: &self.modules };
        let mut txn = Txn::new(&self.state, context, self.header.header.fee_pool);
        let mut applied: Vec<_> =
            frames.iter().map(|frame| applier.charge(&mut txn, frame)).collect();
        for (index, (frame, applied)) in frames.iter().zip(&mut applied).enumerate() {
            applier.apply(&mut txn, frame, applied, sub_seed(seed, index));
        }
        for (frame, applied) in frames.iter().zip(&mut applied) {
            applier.refund(&mut txn, frame, applied);
        }
        for key in self.state.expired_temporary(context.sequence) {
            // Unless it was made anew in this ledger, it is gone now.
            if txn.get(&key).is_none() {
                txn.erase(key);
            }
        }
        if let Some((key, setting)) = upgrade {
            txn.put(key, LedgerEntryData::ConfigSetting(setting), None);
        }
        let mut records = Records::new(context);
        for (frame, applied) in frames.into_iter().zip(applied) {
            records.add(frame, applied);
        }
        let fee_pool = txn.fee_pool;
        (records.finish(), txn.finish(), fee_pool)
    }
}
