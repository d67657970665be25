//! Parsed contracts, and what else is kept between invocations.
//!
//! The parsed ones are not only for speed: the network charges an invocation for using a parsed module, not
//! for parsing it, and simulation counts on that.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use soroban_env_host::storage::Storage;
use soroban_env_host::{Host, HostError, ModuleCache};
use stellar_xdr::{Hash, LedgerEntry, LedgerEntryData, LedgerKey};

use super::footprint::{rent_bytes, unmetered};
use super::settings::Settings;
use super::written::{Written, Xdr};
use crate::genesis::PROTOCOL_VERSION;
use crate::model::StoredEntry;

/// The parsed modules of the contracts used so far.
pub(crate) struct ModuleCaches {
    cache: ModuleCache,
    /// Meters the parsing; nobody pays for it.
    host: Host,
    /// What the code with this hash costs rent for: the same in every invocation.
    rent_bytes: RefCell<BTreeMap<Hash, u32>>,
    written: Written,
}

impl ModuleCaches {
    pub(crate) fn new(settings: &Settings) -> Result<Self, HostError> {
        let host = Host::with_storage_and_budget(Storage::default(), unmetered(settings)?);
        Ok(Self {
            cache: ModuleCache::new(&host)?,
            host,
            rent_bytes: RefCell::default(),
            written: Written::default(),
        })
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

    /// The size rent is computed for of an entry with so many bytes.
    pub(super) fn rent_bytes(
        &self,
        entry: &LedgerEntry,
        size: u32,
        settings: &Settings,
    ) -> Result<u32, HostError> {
        let LedgerEntryData::ContractCode(code) = &entry.data else {
            return Ok(size);
        };
        if let Some(known) = self.rent_bytes.borrow().get(&code.hash) {
            return Ok(*known);
        }
        let found = rent_bytes(entry, size, settings)?;
        self.rent_bytes.borrow_mut().insert(code.hash.clone(), found);
        Ok(found)
    }

    /// The entry's XDR.
    pub(super) fn xdr(
        &self,
        key: &LedgerKey,
        stored: &Arc<StoredEntry>,
    ) -> Result<Xdr, stellar_xdr::Error> {
        self.written.xdr(key, stored)
    }

    pub(super) fn cache(&self) -> ModuleCache {
        self.cache.clone()
    }
}
