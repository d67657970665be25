//! The ledger's owner: one network, on one thread.

mod close;
mod friendbot;
pub(crate) mod header;
mod queue;
mod record;
mod select;
mod tools;

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use futures::channel::oneshot;
use sha2::{Digest, Sha256};
use stellar_xdr::{
    AccountId, LedgerHeaderHistoryEntry, LedgerKey, PublicKey, ScAddress, TransactionEnvelope,
    TransactionResult, TransactionResultExt, TransactionResultResult, Uint256,
};

use self::tools::Snapshots;
use crate::genesis;
use crate::ledger::{LedgerContext, State};
use crate::model::{
    ClosedLedger, Found, LedgerInfo, SendFault, SimulateOptions, Simulation, StoredEntry,
};
use crate::network::{Clock, Close, NetworkError, StartError, root_secret};
use crate::settings::NetworkSettings;
use crate::soroban::{self, ModuleCaches, Settings, SimulationInput};
use crate::store::{LedgerStore, Snapshot};
use crate::tx::Frame;

/// Whoever is told when the store is closed.
type Farewell = oneshot::Sender<Result<(), NetworkError>>;

/// Everything a network is.
pub(crate) struct Engine {
    passphrase: String,
    network_id: [u8; 32],
    clock: Clock,
    /// How far the network's time is ahead of the clock, seconds.
    lead_s: u64,
    close: Close,
    store: Box<dyn LedgerStore>,
    state: Rc<State>,
    header: LedgerHeaderHistoryEntry,
    settings: Settings,
    modules: ModuleCaches,
    /// Accepted, and not yet in a ledger. Empty between jobs in instant mode.
    queue: Vec<Rc<Frame>>,
    snapshots: Snapshots,
    /// What is to go wrong with the next submissions.
    faults: VecDeque<SendFault>,
    farewell: Option<Farewell>,
}

impl Engine {
    /// Loads the network from the store, or makes a new one in it.
    pub(crate) fn open(
        passphrase: String,
        clock: Clock,
        close: Close,
        mut store: Box<dyn LedgerStore>,
        settings: &NetworkSettings,
    ) -> Result<Self, StartError> {
        let snapshot = match store.load()? {
            Some(snapshot) if snapshot.passphrase != passphrase => {
                return Err(StartError::OtherNetwork {
                    found: snapshot.passphrase,
                    asked: passphrase,
                });
            }
            Some(snapshot) => snapshot,
            None => begin(&passphrase, &clock, store.as_mut(), settings)?,
        };
        let mut state = State::default();
        for (key, entry) in snapshot.entries {
            state.set(&key, Some(&Arc::new(entry)));
        }
        let settings = Settings::load(&state).map_err(StartError::Configuration)?;
        let modules = ModuleCaches::new(&settings)
            .map_err(|error| StartError::Configuration(format!("{error:?}")))?;
        Ok(Self {
            network_id: Sha256::digest(passphrase.as_bytes()).into(),
            passphrase,
            clock,
            lead_s: 0,
            close,
            store,
            state: Rc::new(state),
            header: snapshot.header,
            settings,
            modules,
            queue: Vec::new(),
            snapshots: Snapshots::default(),
            faults: VecDeque::new(),
            farewell: None,
        })
    }

    pub(crate) fn store(&self) -> &dyn LedgerStore {
        self.store.as_ref()
    }

    pub(crate) fn stopped(&mut self) -> Option<Farewell> {
        self.farewell.take()
    }

    pub(crate) fn stop(&mut self, farewell: Farewell) {
        self.farewell = Some(farewell);
    }

    pub(crate) fn sequence(&self) -> u32 {
        self.header.header.ledger_seq
    }

    pub(crate) fn latest(&mut self) -> Result<LedgerInfo, NetworkError> {
        let oldest = self.store.oldest()?.unwrap_or_else(|| self.header.clone());
        Ok(LedgerInfo {
            header: self.header.clone(),
            oldest_ledger: oldest.header.ledger_seq,
            oldest_close_time: oldest.header.scp_value.close_time.0,
            retention: self.store.retention(),
        })
    }

    pub(crate) fn entries(&self, keys: &[LedgerKey]) -> Vec<Found> {
        let find = |key: &LedgerKey| match key {
            LedgerKey::Ttl(ttl) => {
                Some(Found { key: key.clone(), entry: self.state.ttl_entry(ttl)? })
            }
            _ => self.found(key, self.state.get(key)?),
        };
        keys.iter().filter_map(find).collect()
    }

    pub(crate) fn entries_of(&self, owner: &ScAddress, limit: usize) -> Vec<Found> {
        let entries = self.state.of(owner);
        entries.filter_map(|(key, entry)| self.found(key, entry)).take(limit).collect()
    }

    /// The entry, unless its time is over for good.
    fn found(&self, key: &LedgerKey, entry: &StoredEntry) -> Option<Found> {
        let expired = entry.live_until.is_some_and(|until| until < self.sequence());
        (!expired || crate::ledger::is_persistent(key))
            .then(|| Found { key: key.clone(), entry: entry.clone() })
    }

    pub(crate) fn simulate(
        &self,
        envelope: &TransactionEnvelope,
        options: SimulateOptions,
    ) -> Simulation {
        let simulation = Frame::new(envelope.clone(), self.network_id).map_or_else(
            || Simulation { error: Some("the envelope is malformed".into()), ..Default::default() },
            |frame| {
                let input = SimulationInput {
                    state: Rc::clone(&self.state),
                    context: self.next_context(),
                    settings: &self.settings,
                    options,
                    seed: self.header.hash.0,
                };
                soroban::simulate(&input, &frame.inner)
            },
        );
        Simulation { latest_ledger: self.sequence(), ..simulation }
    }

    /// The network's time, Unix seconds.
    fn now(&self) -> u64 {
        (self.clock)().saturating_add(self.lead_s)
    }

    /// What the next ledger will be.
    fn next_context(&self) -> LedgerContext {
        let header = &self.header.header;
        let (now, last) = (self.now(), header.scp_value.close_time.0);
        let close_time = match self.close {
            Close::Instant => now.max(last),
            Close::Every(_) => now.max(last.saturating_add(1)),
        };
        LedgerContext {
            network_id: self.network_id,
            sequence: header.ledger_seq.saturating_add(1),
            close_time,
            base_fee: header.base_fee,
            base_reserve: header.base_reserve,
            min_persistent_ttl: self.settings.network.min_persistent_entry_ttl,
        }
    }
}

/// Makes the first ledger.
fn begin(
    passphrase: &str,
    clock: &Clock,
    store: &mut dyn LedgerStore,
    settings: &NetworkSettings,
) -> Result<Snapshot, StartError> {
    let changes = genesis::entries(account_of(&root_key(passphrase)), settings)
        .map_err(StartError::Configuration)?;
    let header = header::first(clock(), settings.ledger_limits.operations, &changes);
    let ledger = ClosedLedger { header, transactions: Vec::new(), changes };
    store.append(passphrase, &ledger)?;
    let entries = ledger
        .changes
        .into_iter()
        .filter_map(|(key, entry)| Some((key, Arc::unwrap_or_clone(entry?))))
        .collect();
    Ok(Snapshot { passphrase: passphrase.to_owned(), header: ledger.header, entries })
}

/// The root account's key.
fn root_key(passphrase: &str) -> SigningKey {
    SigningKey::from_bytes(&root_secret(passphrase))
}

fn account_of(key: &SigningKey) -> AccountId {
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.verifying_key().to_bytes())))
}

fn malformed() -> TransactionResult {
    TransactionResult {
        fee_charged: 0,
        result: TransactionResultResult::TxMalformed,
        ext: TransactionResultExt::V0,
    }
}

#[cfg(test)]
mod tests {
    use stellar_xdr::{
        Asset, ContractExecutable, ContractIdPreimage, CreateContractArgs, HostFunction,
        InvokeHostFunctionOp, Memo, Operation, OperationBody, Preconditions, SequenceNumber,
        Transaction, TransactionExt, VecM,
    };

    use super::*;
    use crate::genesis::STANDALONE_PASSPHRASE;
    use crate::store::MemoryStore;

    #[test]
    fn a_simulation_holds_on_to_nothing() {
        let store = Box::new(MemoryStore::new());
        let (passphrase, clock) = (STANDALONE_PASSPHRASE.to_owned(), Arc::new(|| 0));
        let engine =
            Engine::open(passphrase, clock, Close::Instant, store, &NetworkSettings::default())
                .unwrap();
        let root = account_of(&root_key(STANDALONE_PASSPHRASE));
        let body = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
            host_function: HostFunction::CreateContract(CreateContractArgs {
                contract_id_preimage: ContractIdPreimage::Asset(Asset::Native),
                executable: ContractExecutable::StellarAsset,
            }),
            auth: VecM::default(),
        });
        let tx = Transaction {
            source_account: root.into(),
            fee: 100,
            seq_num: SequenceNumber(1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![Operation { source_account: None, body }].try_into().unwrap(),
            ext: TransactionExt::V0,
        };
        let simulation = engine.simulate(&tx.into(), SimulateOptions::default());
        assert_eq!(simulation.error, None);
        // Otherwise every ledger after a simulation would copy the whole state.
        assert_eq!(Rc::strong_count(&engine.state), 1);
    }
}
