//! A ledger in memory, and calls on copies of it.
use std::{collections::BTreeMap, rc::Rc};

use soroban_env_host::{
    Host, HostError, LedgerInfo, ModuleCache,
    budget::Budget,
    e2e_invoke::{
        InvokeHostFunctionResult, RecordingInvocationAuthMode, RecordingInvocationAuthParams,
        TtlLedgerEntryMeta, entry_size_for_rent, extract_rent_changes, invoke_host_function,
        invoke_host_function_in_recording_mode,
    },
    fees::{TransactionResources, compute_rent_fee},
    storage::{EntryWithLiveUntil, SnapshotSource, Storage},
    xdr::{
        AccountId, DecoratedSignature, HostFunction, InvokeHostFunctionOp, LedgerEntry,
        LedgerEntryData, LedgerKey, Limits, Memo, MuxedAccount, Operation, OperationBody,
        Preconditions, ReadXdr, ScVal, SequenceNumber, Signature, SignatureHint,
        SorobanAuthorizationEntry, SorobanResources, SorobanTransactionData,
        SorobanTransactionDataExt, TimeBounds, TimePoint, Transaction, TransactionEnvelope,
        TransactionExt, TransactionV1Envelope, Uint256, WriteXdr,
    },
};

use crate::{
    failure::Failure,
    network,
    trace::{Trace, Tracer},
};

const PROTOCOL: u32 = soroban_env_host::meta::INTERFACE_VERSION.protocol;
const NETWORK_ID: [u8; 32] = [7; 32];
const SECONDS_PER_LEDGER: u64 = 5;

type Entries = BTreeMap<LedgerKey, (LedgerEntry, Option<u32>)>;

/// Entries, the time, and the parsed modules that the network keeps.
#[derive(Clone)]
pub struct Ledger {
    entries: Rc<Entries>,
    modules: ModuleCache,
    sequence: u32,
    pub time: u64,
}

/// A call and who pays for it: the only one whose signature it carries.
#[derive(Clone)]
pub struct Call {
    pub source: AccountId,
    pub function: HostFunction,
}

/// What a call used.
#[derive(Clone, Debug)]
pub struct Cost {
    pub instructions: u64,
    pub memory: u64,
    pub read_entries: u32,
    pub read_bytes: u32,
    pub disk_read_entries: u32,
    pub disk_read_bytes: u32,
    pub write_entries: u32,
    pub write_bytes: u32,
    pub events_bytes: u32,
    pub transaction_bytes: u32,
    pub rent: i64,
    /// Of the rent: for the code, which all circles share.
    pub code_rent: i64,
    /// Without rent.
    pub fee: i64,
}

/// What came of a call.
pub struct Done {
    pub cost: Cost,
    pub value: ScVal,
    pub trace: Trace,
    result: InvokeHostFunctionResult,
}

impl Ledger {
    pub fn new(time: u64) -> Result<Self, Failure> {
        let unmetered = Budget::default();
        let modules =
            ModuleCache::new(&Host::with_storage_and_budget(Storage::default(), unmetered))?;
        Ok(Self { entries: Rc::default(), modules, sequence: 1_000_000, time })
    }

    /// Puts a classic entry.
    pub fn put(&mut self, key: LedgerKey, data: LedgerEntryData) {
        let entry = LedgerEntry {
            last_modified_ledger_seq: self.sequence,
            data,
            ext: soroban_env_host::xdr::LedgerEntryExt::V0,
        };
        Rc::make_mut(&mut self.entries).insert(key, (entry, None));
    }

    pub fn pass(&mut self, seconds: u64) {
        self.time = self.time.saturating_add(seconds);
        let ledgers = u32::try_from(seconds / SECONDS_PER_LEDGER).unwrap_or(u32::MAX);
        self.sequence = self.sequence.saturating_add(ledgers);
    }

    /// Makes the call on a copy: the ledger stays as it is.
    pub fn measure(&self, call: &Call) -> Result<Done, Failure> {
        let recorded = self.record(call)?;
        let (resources, auth, restored) = recorded;
        let inputs = self.inputs(&resources)?;
        let budget = Budget::default();
        let tracer = Tracer::default();
        let mut diagnostics = vec![];
        let result = invoke_host_function(
            &budget,
            false,
            xdr(&call.function)?,
            xdr(&resources)?,
            &restored,
            xdr(&call.source)?,
            auth.iter().map(xdr).collect::<Result<Vec<_>, _>>()?.into_iter(),
            self.info(),
            inputs.entries.into_iter(),
            vec![7; 32],
            &mut diagnostics,
            Some(tracer.hook()),
            Some(self.modules.clone()),
        )?;
        let value = match &result.encoded_invoke_result {
            Ok(value) => ScVal::from_xdr(value, Limits::none())?,
            Err(error) => return Err(Failure::Call(format!("{error:?}"))),
        };
        let trace = tracer.finish(&budget)?;
        let cost = self.cost(call, &resources, &auth, &inputs.read, &result, &budget)?;
        Ok(Done { cost, value, trace, result })
    }

    /// Makes the call, and keeps what it changed.
    pub fn apply(&mut self, call: &Call) -> Result<Done, Failure> {
        let done = self.measure(call)?;
        let unmetered = Budget::default();
        let host = Host::with_storage_and_budget(Storage::default(), unmetered);
        let entries = Rc::make_mut(&mut self.entries);
        for change in &done.result.ledger_changes {
            let key = LedgerKey::from_xdr(&change.encoded_key, Limits::none())?;
            let live_until = change.ttl_change.as_ref().map(|ttl| ttl.new_live_until_ledger);
            if change.read_only {
                if let (Some((_, old)), Some(_)) = (entries.get_mut(&key), live_until) {
                    *old = live_until;
                }
                continue;
            }
            let Some(encoded) = &change.encoded_new_value else {
                entries.remove(&key);
                continue;
            };
            let entry = LedgerEntry::from_xdr(encoded, Limits::none())?;
            if let LedgerEntryData::ContractCode(code) = &entry.data {
                self.modules.parse_and_cache_module_simple(
                    &host,
                    PROTOCOL,
                    code.code.as_slice(),
                )?;
            }
            entries.insert(key, (entry, live_until));
        }
        Ok(done)
    }

    fn record(
        &self,
        call: &Call,
    ) -> Result<(SorobanResources, Vec<SorobanAuthorizationEntry>, Vec<u32>), Failure> {
        let mut diagnostics = vec![];
        let result = invoke_host_function_in_recording_mode(
            &Budget::default(),
            false,
            &call.function,
            &call.source,
            RecordingInvocationAuthMode::Recording(RecordingInvocationAuthParams::new(true, false)),
            self.info(),
            Rc::new(Snapshot(Rc::clone(&self.entries))),
            [7; 32],
            &mut diagnostics,
        )?;
        if let Err(error) = result.invoke_result {
            return Err(Failure::Call(format!("{error:?}")));
        }
        Ok((result.resources, result.auth, result.restored_rw_entry_indices))
    }

    fn inputs(&self, resources: &SorobanResources) -> Result<Inputs, Failure> {
        let mut inputs = Inputs::default();
        let footprint = &resources.footprint;
        for key in footprint.read_only.iter().chain(footprint.read_write.iter()) {
            let Some((entry, live_until)) = self.entries.get(key) else {
                inputs.entries.push((None, None));
                continue;
            };
            let encoded = xdr(entry)?;
            let archived = live_until.is_some_and(|until| until < self.sequence);
            inputs.read.add(&encoded, archived || is_classic(key))?;
            let ttl = match live_until {
                None => None,
                Some(until) => Some(TtlLedgerEntryMeta {
                    live_until_ledger: if archived { self.min_live_until() } else { *until },
                    entry_size_for_rent: entry_size_for_rent(
                        &Budget::default(),
                        entry,
                        length(&encoded)?,
                    )?,
                }),
            };
            inputs.entries.push((Some(encoded), ttl));
        }
        Ok(inputs)
    }

    fn cost(
        &self,
        call: &Call,
        resources: &SorobanResources,
        auth: &[SorobanAuthorizationEntry],
        read: &Read,
        result: &InvokeHostFunctionResult,
        budget: &Budget,
    ) -> Result<Cost, Failure> {
        let mut write_bytes = 0_u32;
        for change in &result.ledger_changes {
            if let (false, Some(value)) = (change.read_only, &change.encoded_new_value) {
                write_bytes = write_bytes.saturating_add(length(value)?);
            }
        }
        let mut events_bytes = 0_u32;
        for bytes in result.encoded_contract_events.iter().chain(&result.encoded_invoke_result) {
            events_bytes = events_bytes.saturating_add(length(bytes)?);
        }
        let instructions = budget.get_cpu_insns_consumed()?;
        let used = TransactionResources {
            instructions: u32::try_from(instructions).unwrap_or(u32::MAX),
            disk_read_entries: read.disk_entries,
            write_entries: length(resources.footprint.read_write.as_slice())?,
            disk_read_bytes: read.disk_bytes,
            write_bytes,
            contract_events_size_bytes: events_bytes,
            transaction_size_bytes: length(&envelope(call, resources, auth)?)?,
        };
        Ok(Cost {
            instructions,
            memory: budget.get_mem_bytes_consumed()?,
            read_entries: read.entries,
            read_bytes: read.bytes,
            disk_read_entries: used.disk_read_entries,
            disk_read_bytes: used.disk_read_bytes,
            write_entries: used.write_entries,
            write_bytes,
            events_bytes,
            transaction_bytes: used.transaction_size_bytes,
            rent: self.rent(result, false),
            code_rent: self.rent(result, true),
            fee: network::resource_fee(&used),
        })
    }

    fn rent(&self, result: &InvokeHostFunctionResult, of_code_only: bool) -> i64 {
        let mut changes = extract_rent_changes(&result.ledger_changes);
        changes.retain(|change| !of_code_only || change.is_code_entry);
        compute_rent_fee(&changes, &network::rent(), self.sequence)
    }

    /// The last ledger of a persistent entry that is restored now.
    fn min_live_until(&self) -> u32 {
        self.sequence.saturating_add(network::MIN_PERSISTENT_TTL - 1)
    }

    fn info(&self) -> LedgerInfo {
        LedgerInfo {
            protocol_version: PROTOCOL,
            sequence_number: self.sequence,
            timestamp: self.time,
            network_id: NETWORK_ID,
            base_reserve: 5_000_000,
            min_temp_entry_ttl: network::MIN_TEMPORARY_TTL,
            min_persistent_entry_ttl: network::MIN_PERSISTENT_TTL,
            max_entry_ttl: network::MAX_TTL,
        }
    }
}

/// The entries of a footprint as the host takes them.
#[derive(Default)]
struct Inputs {
    entries: Vec<(Option<Vec<u8>>, Option<TtlLedgerEntryMeta>)>,
    read: Read,
}

#[derive(Default)]
struct Read {
    entries: u32,
    bytes: u32,
    disk_entries: u32,
    disk_bytes: u32,
}

impl Read {
    fn add(&mut self, entry: &[u8], is_on_disk: bool) -> Result<(), Failure> {
        let bytes = length(entry)?;
        self.entries = self.entries.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        if is_on_disk {
            self.disk_entries = self.disk_entries.saturating_add(1);
            self.disk_bytes = self.disk_bytes.saturating_add(bytes);
        }
        Ok(())
    }
}

struct Snapshot(Rc<Entries>);

impl SnapshotSource for Snapshot {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        Ok(self.0.get(key).map(|(entry, live_until)| (Rc::new(entry.clone()), *live_until)))
    }
}

/// Classic entries are read from disk, as archived ones are; live contract entries are kept in memory.
fn is_classic(key: &LedgerKey) -> bool {
    !matches!(key, LedgerKey::ContractData(_) | LedgerKey::ContractCode(_))
}

/// The transaction as its source signs it.
fn envelope(
    call: &Call,
    resources: &SorobanResources,
    auth: &[SorobanAuthorizationEntry],
) -> Result<Vec<u8>, Failure> {
    let AccountId(soroban_env_host::xdr::PublicKey::PublicKeyTypeEd25519(Uint256(key))) =
        &call.source;
    let operation = Operation {
        source_account: None,
        body: OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
            host_function: call.function.clone(),
            auth: auth.to_vec().try_into()?,
        }),
    };
    let tx = Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(*key)),
        fee: 100,
        seq_num: SequenceNumber(1),
        cond: Preconditions::Time(TimeBounds { min_time: TimePoint(0), max_time: TimePoint(1) }),
        memo: Memo::None,
        operations: vec![operation].try_into()?,
        ext: TransactionExt::V1(SorobanTransactionData {
            ext: SorobanTransactionDataExt::V0,
            resources: resources.clone(),
            resource_fee: 0,
        }),
    };
    let signature = DecoratedSignature {
        hint: SignatureHint([0; 4]),
        signature: Signature(vec![0; 64].try_into()?),
    };
    xdr(&TransactionEnvelope::Tx(TransactionV1Envelope {
        tx,
        signatures: vec![signature].try_into()?,
    }))
}

fn xdr(value: &impl WriteXdr) -> Result<Vec<u8>, Failure> {
    Ok(value.to_xdr(Limits::none())?)
}

fn length<T>(items: &[T]) -> Result<u32, Failure> {
    u32::try_from(items.len()).map_err(|_| Failure::Call("too long".to_owned()))
}
