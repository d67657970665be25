//! What tests and demonstrations do to a network: take it back, freeze accounts, disturb answers.

use std::collections::BTreeMap;
use std::rc::Rc;

use stellar_xdr::{
    Hash, LedgerHeaderHistoryEntry, LedgerKey, TransactionEnvelope, TransactionResult,
    TransactionResultExt,
};

use super::Engine;
use crate::ledger::State;
use crate::model::{ClosedLedger, LedgerInfo, SendFault, SendOutcome, SnapshotId};
use crate::network::NetworkError;
use crate::soroban::{Settings, frozen_setting};
use crate::tx::{Frame, can_be_frozen};

/// Points a network can be taken back to.
#[derive(Default)]
pub(super) struct Snapshots {
    taken: u64,
    kept: BTreeMap<u64, Kept>,
}

#[derive(Clone)]
struct Kept {
    state: Rc<State>,
    header: LedgerHeaderHistoryEntry,
    queue: Vec<Rc<Frame>>,
}

impl Engine {
    pub(crate) fn snapshot(&mut self) -> SnapshotId {
        let kept = Kept {
            state: Rc::clone(&self.state),
            header: self.header.clone(),
            queue: self.queue.clone(),
        };
        let snapshots = &mut self.snapshots;
        snapshots.taken = snapshots.taken.saturating_add(1);
        snapshots.kept.insert(snapshots.taken, kept);
        SnapshotId(snapshots.taken)
    }

    pub(crate) fn revert(&mut self, to: SnapshotId) -> Result<LedgerInfo, NetworkError> {
        let Some(kept) = self.snapshots.kept.get(&to.0).cloned() else {
            return Err(NetworkError::Refused(
                "there is no such snapshot: it is another network's, or was taken after the one \
                 that was gone back to; take a new one"
                    .into(),
            ));
        };
        self.store.revert(&kept.header, &self.state.difference(&kept.state))?;
        self.settings = Settings::load(&kept.state).map_err(NetworkError::Refused)?;
        self.state = kept.state;
        self.header = kept.header;
        self.queue = kept.queue;
        // What was taken later never happened.
        self.snapshots.kept.retain(|id, _| *id <= to.0);
        self.latest()
    }

    pub(crate) fn set_frozen(
        &mut self,
        keys: &[LedgerKey],
        freeze: bool,
    ) -> Result<ClosedLedger, NetworkError> {
        if let Some(key) = keys.iter().find(|key| !can_be_frozen(key)) {
            return Err(NetworkError::Refused(format!(
                "{key:?} cannot be frozen: only accounts, trustlines of holders, and entries of \
                 contracts can"
            )));
        }
        let mut frozen = self.settings.frozen.clone();
        for key in keys {
            if freeze {
                frozen.insert(key.clone());
            } else {
                frozen.remove(key);
            }
        }
        self.close_with(frozen_setting(&frozen))
    }

    pub(crate) fn disturb(&mut self, fault: SendFault) {
        self.faults.push_back(fault);
    }

    /// Accepts somebody's envelope, unless something was to go wrong with it.
    pub(crate) fn submit(
        &mut self,
        envelope: TransactionEnvelope,
    ) -> Result<SendOutcome, NetworkError> {
        let Some(fault) = self.faults.pop_front() else {
            return self.send(envelope);
        };
        let hash = envelope.hash(self.network_id).map_or(Hash([0; 32]), Hash);
        match fault {
            SendFault::TryAgainLater => Ok(SendOutcome::TryAgainLater(hash)),
            SendFault::Lose => Ok(SendOutcome::Pending(hash)),
            SendFault::Refuse(result) => {
                let ext = TransactionResultExt::V0;
                let result = TransactionResult { fee_charged: 0, result, ext };
                Ok(SendOutcome::Error { hash, result })
            }
            SendFault::NoAnswer => {
                self.send(envelope)?;
                Err(NetworkError::Refused("the answer was lost, as was asked for".into()))
            }
        }
    }
}
