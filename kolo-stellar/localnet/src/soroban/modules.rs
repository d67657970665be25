//! Parsed contracts, kept between invocations.
//!
//! This is not only for speed: the network charges an invocation for using a parsed module, not
//! for parsing it, and simulation counts on that.

use soroban_env_host::storage::Storage;
use soroban_env_host::{Host, HostError, ModuleCache};
use stellar_xdr::{LedgerEntry, LedgerEntryData};

use super::footprint::unmetered;
use super::settings::Settings;
use crate::genesis::PROTOCOL_VERSION;

/// The parsed modules of the contracts used so far.
pub(crate) struct ModuleCaches {
    cache: ModuleCache,
    /// Meters the parsing; nobody pays for it.
    host: Host,
}

impl ModuleCaches {
    pub(crate) fn new(settings: &Settings) -> Result<Self, HostError> {
        let host = Host::with_storage_and_budget(Storage::default(), unmetered(settings)?);
        Ok(Self { cache: ModuleCache::new(&host)?, host })
    }

    /// Parses the entry if it is code that has not been used yet.
    pub(super) fn learn(&self, entry: &LedgerEntry) {
        let LedgerEntryData::ContractCode(code) = &entry.data else {
            return;
        };
        if self.cache.contains_module(&code.hash).unwrap_or(true) {
            return;
        }
        let wasm = code.code.as_slice();
        // Code that cannot be parsed was refused on upload. Should there be some, its
        // invocations fail by themselves.
        if let Err(error) =
            self.cache.parse_and_cache_module_simple(&self.host, PROTOCOL_VERSION, wasm)
        {
            tracing::warn!(?error, "a contract's code could not be parsed");
        }
    }

    pub(super) fn cache(&self) -> ModuleCache {
        self.cache.clone()
    }
}
