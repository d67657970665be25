//! The network's configuration, kept in the ledger as on every network.

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
    EvictionIterator, ExtensionPoint, LedgerEntryData, LedgerKey, LedgerKeyConfigSetting,
    StateArchivalSettings,
};

use crate::ledger::State;
use crate::network::Limits;

/// Largest key of contract data, bytes.
const MAX_KEY_BYTES: u32 = 250;
/// Largest entry of contract data, bytes.
const MAX_ENTRY_BYTES: u32 = 65_536;
/// Live state the rent of an entry is computed for, bytes. On the network it is an average of
/// the real size; here it stays at what mainnet had when this was written, so that rents are
/// like mainnet's and do not depend on a test's history.
const STATE_SIZE_BYTES: u64 = 1_000_000_000;

/// The settings in a form the engine uses.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) network: NetworkConfig,
    pub(crate) limits: Limits,
    pub(crate) max_key_bytes: u32,
    pub(crate) max_entry_bytes: u32,
}

impl Settings {
    /// Reads the settings from the ledger.
    pub(crate) fn load(state: &State) -> Result<Self, String> {
        let source = SettingsSource(state);
        let network =
            NetworkConfig::load_from_snapshot(&source).map_err(|error| error.to_string())?;
        let mut limits = Limits::default();
        let mut settings = Self {
            network,
            limits,
            max_key_bytes: MAX_KEY_BYTES,
            max_entry_bytes: MAX_ENTRY_BYTES,
        };
        for (_, entry) in state.iter() {
            let LedgerEntryData::ConfigSetting(setting) = &entry.entry.data else {
                continue;
            };
            match setting {
                ConfigSettingEntry::ContractMaxSizeBytes(size) => limits.contract_bytes = *size,
                ConfigSettingEntry::ContractDataKeySizeBytes(size) => {
                    settings.max_key_bytes = *size;
                }
                ConfigSettingEntry::ContractDataEntrySizeBytes(size) => {
                    settings.max_entry_bytes = *size;
                }
                other => read_limits(other, &mut limits),
            }
        }
        settings.limits = limits;
        Ok(settings)
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
        _ => {}
    }
}

struct SettingsSource<'a>(&'a State);

impl SnapshotSource for SettingsSource<'_> {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        Ok(self.0.get(key).map(|entry| (Rc::new(entry.entry.clone()), entry.live_until)))
    }
}

/// Every setting of the first ledger, like mainnet's.
pub(crate) fn genesis_settings(
    limits: &Limits,
) -> Result<Vec<(LedgerKey, ConfigSettingEntry)>, String> {
    let mut settings = vec![
        ConfigSettingEntry::ContractMaxSizeBytes(limits.contract_bytes),
        ConfigSettingEntry::ContractComputeV0(compute(limits)),
        ConfigSettingEntry::ContractLedgerCostV0(ledger_cost(limits)),
        ConfigSettingEntry::ContractLedgerCostExtV0(ConfigSettingContractLedgerCostExtV0 {
            tx_max_footprint_entries: limits.footprint_entries,
            fee_write1_kb: 875,
        }),
        ConfigSettingEntry::ContractHistoricalDataV0(ConfigSettingContractHistoricalDataV0 {
            fee_historical1_kb: 16_235,
        }),
        ConfigSettingEntry::ContractEventsV0(ConfigSettingContractEventsV0 {
            tx_max_contract_events_size_bytes: limits.events_bytes,
            fee_contract_events1_kb: 10_000,
        }),
        ConfigSettingEntry::ContractBandwidthV0(ConfigSettingContractBandwidthV0 {
            ledger_max_txs_size_bytes: limits.envelope_bytes.saturating_mul(4),
            tx_max_size_bytes: limits.envelope_bytes,
            fee_tx_size1_kb: 1_624,
        }),
        ConfigSettingEntry::ContractDataKeySizeBytes(MAX_KEY_BYTES),
        ConfigSettingEntry::ContractDataEntrySizeBytes(MAX_ENTRY_BYTES),
        ConfigSettingEntry::StateArchival(state_archival()),
        ConfigSettingEntry::ContractExecutionLanes(ConfigSettingContractExecutionLanesV0 {
            ledger_max_tx_count: 100,
        }),
        ConfigSettingEntry::EvictionIterator(EvictionIterator {
            bucket_list_level: 7,
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
    ];
    let window = vec![STATE_SIZE_BYTES].try_into().map_err(|_| "state size window".to_owned())?;
    settings.push(ConfigSettingEntry::LiveSorobanStateSizeWindow(window));
    let (cpu, memory) = cost_params()?;
    settings.push(ConfigSettingEntry::ContractCostParamsCpuInstructions(cpu));
    settings.push(ConfigSettingEntry::ContractCostParamsMemoryBytes(memory));
    Ok(settings.into_iter().map(|setting| (setting_key(setting.discriminant()), setting)).collect())
}

fn setting_key(config_setting_id: ConfigSettingId) -> LedgerKey {
    LedgerKey::ConfigSetting(LedgerKeyConfigSetting { config_setting_id })
}

fn compute(limits: &Limits) -> ConfigSettingContractComputeV0 {
    let tx_max_instructions = i64::from(limits.instructions);
    ConfigSettingContractComputeV0 {
        ledger_max_instructions: tx_max_instructions.saturating_mul(6),
        tx_max_instructions,
        fee_rate_per_instructions_increment: 25,
        tx_memory_limit: limits.memory_bytes,
    }
}

fn ledger_cost(limits: &Limits) -> ConfigSettingContractLedgerCostV0 {
    ConfigSettingContractLedgerCostV0 {
        ledger_max_disk_read_entries: limits.disk_read_entries.saturating_mul(5),
        ledger_max_disk_read_bytes: limits.disk_read_bytes.saturating_mul(5),
        ledger_max_write_ledger_entries: limits.write_entries.saturating_mul(5),
        ledger_max_write_bytes: limits.write_bytes.saturating_mul(2),
        tx_max_disk_read_entries: limits.disk_read_entries,
        tx_max_disk_read_bytes: limits.disk_read_bytes,
        tx_max_write_ledger_entries: limits.write_entries,
        tx_max_write_bytes: limits.write_bytes,
        fee_disk_read_ledger_entry: 6_250,
        fee_write_ledger_entry: 10_000,
        fee_disk_read1_kb: 1_786,
        soroban_state_target_size_bytes: 3_000_000_000,
        rent_fee1_kb_soroban_state_size_low: -17_000,
        rent_fee1_kb_soroban_state_size_high: 10_000,
        soroban_state_rent_fee_growth_factor: 5_000,
    }
}

/// TTLs in ledgers of 5 seconds: persistent entries live 120 days at first and 180 at most,
/// temporary ones a day.
fn state_archival() -> StateArchivalSettings {
    StateArchivalSettings {
        max_entry_ttl: 3_110_400,
        min_temporary_ttl: 17_280,
        min_persistent_ttl: 2_073_600,
        persistent_rent_rate_denominator: 1_215,
        temp_rent_rate_denominator: 2_430,
        max_entries_to_archive: 1_000,
        live_soroban_state_size_window_sample_size: 1,
        live_soroban_state_size_window_sample_period: 64,
        eviction_scan_size: 100_000,
        starting_eviction_scan_level: 7,
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
