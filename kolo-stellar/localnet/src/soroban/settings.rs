//! The network's configuration, kept in the ledger as on every network.

use std::collections::BTreeSet;
use std::rc::Rc;

use soroban_env_host::HostError;
use soroban_env_host::budget::Budget;
use soroban_env_host::storage::{EntryWithLiveUntil, SnapshotSource};
use soroban_env_host::xdr::ContractCostType;
use soroban_simulation::NetworkConfig;
use stellar_xdr::{
    ConfigSettingContractBandwidthV0, ConfigSettingContractComputeV0,
    ConfigSettingContractEventsV0, ConfigSettingContractExecutionLanesV0,
    ConfigSettingContractHistoricalDataV0, ConfigSettingContractLedgerCostExtV0,
    ConfigSettingContractLedgerCostV0, ConfigSettingContractParallelComputeV0, ConfigSettingEntry,
    ConfigSettingId, ConfigSettingScpTiming, ContractCostParamEntry, ContractCostParams,
    EncodedLedgerKey, EvictionIterator, ExtensionPoint, FreezeBypassTxs, FrozenLedgerKeys,
    LedgerEntryData, LedgerKey, LedgerKeyConfigSetting, Limits as XdrLimits, ReadXdr,
    StateArchivalSettings, VecM, WriteXdr,
};

use crate::ledger::State;
use crate::settings::{Archival, LedgerLimits, Limits, NetworkSettings};

/// How many sizes of the live state are averaged.
const STATE_SIZE_SAMPLES: usize = 30;
/// Where the public networks begin to look for entries to evict.
const EVICTION_LEVEL: u32 = 7;

/// The settings in a form the engine uses.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) network: NetworkConfig,
    pub(crate) limits: Limits,
    pub(crate) ledger_limits: LedgerLimits,
    /// Keys nobody may touch (CAP-0077).
    pub(crate) frozen: BTreeSet<LedgerKey>,
}

impl Settings {
    /// Reads the settings from the ledger.
    pub(crate) fn load(state: &State) -> Result<Self, String> {
        let source = SettingsSource(state);
        let network =
            NetworkConfig::load_from_snapshot(&source).map_err(|error| error.to_string())?;
        let mut limits = Limits::default();
        let mut ledger_limits = LedgerLimits::default();
        let mut frozen = BTreeSet::new();
        for (_, entry) in state.iter() {
            if let LedgerEntryData::ConfigSetting(setting) = &entry.entry.data {
                read_limits(setting, &mut limits);
                read_ledger_limits(setting, &mut ledger_limits);
                if let ConfigSettingEntry::FrozenLedgerKeys(keys) = setting {
                    frozen = decode_keys(keys);
                }
            }
        }
        Ok(Self { network, limits, ledger_limits, frozen })
    }

    /// A budget for one invocation.
    pub(crate) fn budget(&self, instructions: u32) -> Result<Budget, HostError> {
        Budget::try_from_configs(
            instructions.into(),
            self.network.tx_memory_limit.into(),
            self.network.cpu_cost_params.clone(),
            self.network.memory_cost_params.clone(),
        )
    }
}

fn read_limits(setting: &ConfigSettingEntry, limits: &mut Limits) {
    match setting {
        ConfigSettingEntry::ContractComputeV0(compute) => {
            limits.instructions = u32::try_from(compute.tx_max_instructions).unwrap_or(u32::MAX);
            limits.memory_bytes = compute.tx_memory_limit;
        }
        ConfigSettingEntry::ContractLedgerCostV0(cost) => {
            limits.disk_read_entries = cost.tx_max_disk_read_entries;
            limits.disk_read_bytes = cost.tx_max_disk_read_bytes;
            limits.write_entries = cost.tx_max_write_ledger_entries;
            limits.write_bytes = cost.tx_max_write_bytes;
        }
        ConfigSettingEntry::ContractLedgerCostExtV0(cost) => {
            limits.footprint_entries = cost.tx_max_footprint_entries;
        }
        ConfigSettingEntry::ContractEventsV0(events) => {
            limits.events_bytes = events.tx_max_contract_events_size_bytes;
        }
        ConfigSettingEntry::ContractBandwidthV0(bandwidth) => {
            limits.envelope_bytes = bandwidth.tx_max_size_bytes;
        }
        ConfigSettingEntry::ContractMaxSizeBytes(size) => limits.contract_bytes = *size,
        ConfigSettingEntry::ContractDataKeySizeBytes(size) => limits.key_bytes = *size,
        ConfigSettingEntry::ContractDataEntrySizeBytes(size) => limits.entry_bytes = *size,
        _ => {}
    }
}

fn read_ledger_limits(setting: &ConfigSettingEntry, limits: &mut LedgerLimits) {
    match setting {
        ConfigSettingEntry::ContractComputeV0(compute) => {
            limits.instructions = compute.ledger_max_instructions;
        }
        ConfigSettingEntry::ContractLedgerCostV0(cost) => {
            limits.disk_read_entries = cost.ledger_max_disk_read_entries;
            limits.disk_read_bytes = cost.ledger_max_disk_read_bytes;
            limits.write_entries = cost.ledger_max_write_ledger_entries;
            limits.write_bytes = cost.ledger_max_write_bytes;
        }
        ConfigSettingEntry::ContractBandwidthV0(bandwidth) => {
            limits.envelope_bytes = bandwidth.ledger_max_txs_size_bytes;
        }
        ConfigSettingEntry::ContractExecutionLanes(lanes) => {
            limits.transactions = lanes.ledger_max_tx_count;
        }
        _ => {}
    }
}

struct SettingsSource<'a>(&'a State);

impl SnapshotSource for SettingsSource<'_> {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        Ok(self.0.get(key).map(|entry| (Rc::new(entry.entry.clone()), entry.live_until)))
    }
}

/// Every setting of the first ledger.
pub(crate) fn genesis_settings(
    asked: &NetworkSettings,
) -> Result<Vec<(LedgerKey, ConfigSettingEntry)>, String> {
    let NetworkSettings { limits, ledger_limits, fees, archival } = asked;
    let mut settings = vec![
        ConfigSettingEntry::ContractMaxSizeBytes(limits.contract_bytes),
        ConfigSettingEntry::ContractComputeV0(compute(asked)),
        ConfigSettingEntry::ContractLedgerCostV0(ledger_cost(asked)),
        ConfigSettingEntry::ContractLedgerCostExtV0(ConfigSettingContractLedgerCostExtV0 {
            tx_max_footprint_entries: limits.footprint_entries,
            fee_write1_kb: fees.write_1kb,
        }),
        ConfigSettingEntry::ContractHistoricalDataV0(ConfigSettingContractHistoricalDataV0 {
            fee_historical1_kb: fees.history_1kb,
        }),
        ConfigSettingEntry::ContractEventsV0(ConfigSettingContractEventsV0 {
            tx_max_contract_events_size_bytes: limits.events_bytes,
            fee_contract_events1_kb: fees.events_1kb,
        }),
        ConfigSettingEntry::ContractBandwidthV0(ConfigSettingContractBandwidthV0 {
            ledger_max_txs_size_bytes: ledger_limits.envelope_bytes,
            tx_max_size_bytes: limits.envelope_bytes,
            fee_tx_size1_kb: fees.envelope_1kb,
        }),
        ConfigSettingEntry::ContractDataKeySizeBytes(limits.key_bytes),
        ConfigSettingEntry::ContractDataEntrySizeBytes(limits.entry_bytes),
        ConfigSettingEntry::StateArchival(state_archival(archival)),
        ConfigSettingEntry::ContractExecutionLanes(ConfigSettingContractExecutionLanesV0 {
            ledger_max_tx_count: ledger_limits.transactions,
        }),
    ];
    settings.extend(constant_settings());
    let window = vec![fees.state_bytes; STATE_SIZE_SAMPLES];
    let window = window.try_into().map_err(|_| "state size window".to_owned())?;
    settings.push(ConfigSettingEntry::LiveSorobanStateSizeWindow(window));
    let (cpu, memory) = cost_params()?;
    settings.push(ConfigSettingEntry::ContractCostParamsCpuInstructions(cpu));
    settings.push(ConfigSettingEntry::ContractCostParamsMemoryBytes(memory));
    Ok(settings.into_iter().map(|setting| (setting_key(setting.discriminant()), setting)).collect())
}

/// What is the same on every network in the beginning. All of it but the frozen keys is only
/// shown: this network makes no use of it.
fn constant_settings() -> [ConfigSettingEntry; 5] {
    [
        ConfigSettingEntry::FrozenLedgerKeys(FrozenLedgerKeys { keys: VecM::default() }),
        ConfigSettingEntry::FreezeBypassTxs(FreezeBypassTxs { tx_hashes: VecM::default() }),
        ConfigSettingEntry::EvictionIterator(EvictionIterator {
            bucket_list_level: EVICTION_LEVEL,
            is_curr_bucket: true,
            bucket_file_offset: 0,
        }),
        ConfigSettingEntry::ContractParallelComputeV0(ConfigSettingContractParallelComputeV0 {
            ledger_max_dependent_tx_clusters: 2,
        }),
        ConfigSettingEntry::ScpTiming(ConfigSettingScpTiming {
            ledger_target_close_time_milliseconds: 5_000,
            nomination_timeout_initial_milliseconds: 1_000,
            nomination_timeout_increment_milliseconds: 1_000,
            ballot_timeout_initial_milliseconds: 1_000,
            ballot_timeout_increment_milliseconds: 1_000,
        }),
    ]
}

/// The setting that freezes these keys, and no others.
pub(crate) fn frozen_setting(frozen: &BTreeSet<LedgerKey>) -> (LedgerKey, ConfigSettingEntry) {
    let encoded = frozen.iter().filter_map(|key| {
        Some(EncodedLedgerKey(key.to_xdr(XdrLimits::none()).ok()?.try_into().ok()?))
    });
    let keys = encoded.collect::<Vec<_>>().try_into().unwrap_or_default();
    let setting = ConfigSettingEntry::FrozenLedgerKeys(FrozenLedgerKeys { keys });
    (setting_key(setting.discriminant()), setting)
}

fn decode_keys(frozen: &FrozenLedgerKeys) -> BTreeSet<LedgerKey> {
    let limits = XdrLimits { depth: 100, len: 100_000 };
    let decode =
        |key: &EncodedLedgerKey| LedgerKey::from_xdr(key.0.as_slice(), limits.clone()).ok();
    frozen.keys.iter().filter_map(decode).collect()
}

fn setting_key(config_setting_id: ConfigSettingId) -> LedgerKey {
    LedgerKey::ConfigSetting(LedgerKeyConfigSetting { config_setting_id })
}

fn compute(asked: &NetworkSettings) -> ConfigSettingContractComputeV0 {
    ConfigSettingContractComputeV0 {
        ledger_max_instructions: asked.ledger_limits.instructions,
        tx_max_instructions: asked.limits.instructions.into(),
        fee_rate_per_instructions_increment: asked.fees.instructions,
        tx_memory_limit: asked.limits.memory_bytes,
    }
}

fn ledger_cost(asked: &NetworkSettings) -> ConfigSettingContractLedgerCostV0 {
    let NetworkSettings { limits, ledger_limits, fees, .. } = asked;
    ConfigSettingContractLedgerCostV0 {
        ledger_max_disk_read_entries: ledger_limits.disk_read_entries,
        ledger_max_disk_read_bytes: ledger_limits.disk_read_bytes,
        ledger_max_write_ledger_entries: ledger_limits.write_entries,
        ledger_max_write_bytes: ledger_limits.write_bytes,
        tx_max_disk_read_entries: limits.disk_read_entries,
        tx_max_disk_read_bytes: limits.disk_read_bytes,
        tx_max_write_ledger_entries: limits.write_entries,
        tx_max_write_bytes: limits.write_bytes,
        fee_disk_read_ledger_entry: fees.disk_read_entry,
        fee_write_ledger_entry: fees.write_entry,
        fee_disk_read1_kb: fees.disk_read_1kb,
        soroban_state_target_size_bytes: fees.state_target_bytes,
        rent_fee1_kb_soroban_state_size_low: fees.rent_1kb_low,
        rent_fee1_kb_soroban_state_size_high: fees.rent_1kb_high,
        soroban_state_rent_fee_growth_factor: fees.rent_growth_factor,
    }
}

fn state_archival(archival: &Archival) -> StateArchivalSettings {
    StateArchivalSettings {
        max_entry_ttl: archival.max_ttl,
        min_temporary_ttl: archival.min_temporary_ttl,
        min_persistent_ttl: archival.min_persistent_ttl,
        persistent_rent_rate_denominator: archival.persistent_rent_denominator,
        temp_rent_rate_denominator: archival.temporary_rent_denominator,
        max_entries_to_archive: 1_000,
        live_soroban_state_size_window_sample_size: 30,
        live_soroban_state_size_window_sample_period: 64,
        eviction_scan_size: 500_000,
        starting_eviction_scan_level: EVICTION_LEVEL,
    }
}

/// The host's own calibrated cost models, for instructions and memory. The host does not hand
/// them out, but a fresh budget charges by them: the constant term is the cost of no input, and
/// since the linear term is scaled by 128, it is what 128 more input cost more.
fn cost_params() -> Result<(ContractCostParams, ContractCostParams), String> {
    let (mut cpu, mut memory) = (Vec::new(), Vec::new());
    for cost_type in ContractCostType::variants() {
        let constant = charge(cost_type, 0).map_err(|error| error.to_string())?;
        let linear = charge(cost_type, 128).map_err(|error| error.to_string())?;
        cpu.push(param(constant.0, linear.0)?);
        memory.push(param(constant.1, linear.1)?);
    }
    let params = |list: Vec<_>| {
        list.try_into().map(ContractCostParams).map_err(|_| "too many cost types".to_owned())
    };
    Ok((params(cpu)?, params(memory)?))
}

fn charge(cost_type: ContractCostType, input: u64) -> Result<(u64, u64), HostError> {
    let charged = |input| {
        let budget = Budget::default();
        // Pairings alone exceed the default limit; they are charged for all the same.
        let _ = budget.charge(cost_type, input);
        Ok((budget.get_cpu_insns_consumed()?, budget.get_mem_bytes_consumed()?))
    };
    // Types of constant cost take no input, refuse one, and charge nothing then.
    match charged(Some(input))? {
        (0, 0) => charged(None),
        costs => Ok(costs),
    }
}

fn param(constant: u64, with_input: u64) -> Result<ContractCostParamEntry, String> {
    let term = |value: u64| i64::try_from(value).map_err(|_| "cost out of range".to_owned());
    Ok(ContractCostParamEntry {
        ext: ExtensionPoint::V0,
        const_term: term(constant)?,
        linear_term: term(with_input.saturating_sub(constant))?,
    })
}
