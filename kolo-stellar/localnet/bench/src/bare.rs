//! The contract host alone: the same invocations, from bytes to bytes, with nothing around them.
use std::collections::HashMap;

use kolo_localnet::{BASE_RESERVE, Localnet, NetworkSettings, PROTOCOL_VERSION};
use soroban_env_host::budget::Budget;
use soroban_env_host::e2e_invoke::{TtlLedgerEntryMeta, entry_size_for_rent, invoke_host_function};
use soroban_env_host::storage::Storage;
use soroban_env_host::{Host, LedgerInfo, ModuleCache};
use stellar_xdr::{
    AccountId, LedgerEntryData, LedgerKey, Limits, MuxedAccount, OperationBody, PublicKey,
    TransactionEnvelope, TransactionExt, WriteXdr,
};

use crate::failure::Failure;
use crate::world::START;

/// Parsed contracts, kept between invocations as a validator keeps them.
pub struct Modules {
    cache: ModuleCache,
    host: Host,
}

impl Modules {
    pub fn new() -> Result<Self, Failure> {
        let host = Host::with_storage_and_budget(Storage::default(), Budget::default());
        Ok(Self { cache: ModuleCache::new(&host)?, host })
    }
}

/// An invocation with everything the host wants for it.
pub struct BareCall {
    function: Vec<u8>,
    resources: Vec<u8>,
    source: Vec<u8>,
    auth: Vec<Vec<u8>>,
    info: LedgerInfo,
    entries: Vec<(Option<Vec<u8>>, Option<TtlLedgerEntryMeta>)>,
}

impl BareCall {
    /// What the host would be given if the network applied the envelope next.
    pub fn of(
        localnet: &Localnet,
        envelope: &TransactionEnvelope,
        modules: &Modules,
    ) -> Result<Self, Failure> {
        let wrong = || Failure::step("a call", "it is not one call of a contract");
        let TransactionEnvelope::Tx(v1) = envelope else { return Err(wrong()) };
        let (TransactionExt::V1(data), Some(operation)) = (&v1.tx.ext, v1.tx.operations.first())
        else {
            return Err(wrong());
        };
        let (OperationBody::InvokeHostFunction(invoke), MuxedAccount::Ed25519(source)) =
            (&operation.body, &v1.tx.source_account)
        else {
            return Err(wrong());
        };
        let footprint = &data.resources.footprint;
        let keys = footprint.read_only.iter().chain(footprint.read_write.iter());
        let (sequence, entries) = entries(localnet, &keys.cloned().collect::<Vec<_>>(), modules)?;
        let source = AccountId(PublicKey::PublicKeyTypeEd25519(source.clone()));
        Ok(Self {
            function: xdr(&invoke.host_function)?,
            resources: xdr(&data.resources)?,
            source: xdr(&source)?,
            auth: invoke.auth.iter().map(xdr).collect::<Result<_, _>>()?,
            info: info(localnet.network_id(), sequence.saturating_add(1)),
            entries,
        })
    }

    /// Invokes it; with diagnostic events (which function was called with what), as the network has
    /// them recorded, or without.
    pub fn run(&self, modules: &Modules, diagnoses: bool) -> Result<(), Failure> {
        let mut diagnostics = vec![];
        let output = invoke_host_function(
            &Budget::default(),
            diagnoses,
            self.function.as_slice(),
            self.resources.as_slice(),
            &[],
            self.source.as_slice(),
            self.auth.iter().map(Vec::as_slice),
            self.info.clone(),
            self.entries.iter().map(|(entry, ttl)| (entry.as_deref(), *ttl)),
            &[7; 32],
            &mut diagnostics,
            None,
            Some(modules.cache.clone()),
        )?;
        output.encoded_invoke_result?;
        Ok(())
    }
}

type Entries = Vec<(Option<Vec<u8>>, Option<TtlLedgerEntryMeta>)>;

/// The latest ledger, and the entries of the keys in their order. Contracts among them are parsed.
fn entries(
    localnet: &Localnet,
    keys: &[LedgerKey],
    modules: &Modules,
) -> Result<(u32, Entries), Failure> {
    let (found, sequence) = localnet.entries(keys.to_owned()).wait()?;
    let found: HashMap<_, _> = found.into_iter().map(|found| (found.key, found.entry)).collect();
    let mut entries = vec![];
    for key in keys {
        let Some(stored) = found.get(key) else {
            entries.push((None, None));
            continue;
        };
        if let LedgerEntryData::ContractCode(code) = &stored.entry.data
            && !modules.cache.contains_module(&code.hash)?
        {
            let wasm = code.code.as_slice();
            modules.cache.parse_and_cache_module_simple(&modules.host, PROTOCOL_VERSION, wasm)?;
        }
        let bytes = xdr(&stored.entry)?;
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let ttl = match stored.live_until {
            None => None,
            Some(live_until_ledger) => Some(TtlLedgerEntryMeta {
                live_until_ledger,
                entry_size_for_rent: entry_size_for_rent(&Budget::default(), &stored.entry, size)?,
            }),
        };
        entries.push((Some(bytes), ttl));
    }
    Ok((sequence, entries))
}

fn info(network_id: [u8; 32], sequence_number: u32) -> LedgerInfo {
    let archival = NetworkSettings::mainnet().archival;
    LedgerInfo {
        protocol_version: PROTOCOL_VERSION,
        sequence_number,
        timestamp: START,
        network_id,
        base_reserve: BASE_RESERVE,
        min_temp_entry_ttl: archival.min_temporary_ttl,
        min_persistent_entry_ttl: archival.min_persistent_ttl,
        max_entry_ttl: archival.max_ttl,
    }
}

fn xdr(value: &impl WriteXdr) -> Result<Vec<u8>, Failure> {
    Ok(value.to_xdr(Limits::none())?)
}
