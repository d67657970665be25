//! What contracts may use, what that costs, and how long their entries live.
//!
//! The figures are those of the public networks:
//!
//! - limits and fee rates: the limits proposals SLP-0004 and SLP-0005 of stellar/stellar-protocol
//!   (`limits/`, both final, 2026), and stellar-core's
//!   `soroban-settings/testnet_settings_upgrade.json` (2026-07-28), which follows them;
//! - what those leave alone on mainnet (contract, key and entry sizes, memory, events, times to
//!   live, eviction): the last of stellar-core's `soroban-settings/pubnet_phase1.json` to
//!   `pubnet_phase7.json` that names it;
//! - rent: CAP-0066, which also projects the live state at 1 GB;
//! - metering: the cost parameters of `soroban-env-host`. All 86 types that the file for testnet's
//!   protocol 28 lists have the very same figures there; the nine later ones are the host's.

/// Everything configurable about contracts. [`mainnet`](Self::mainnet) is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkSettings {
    /// What one transaction may use.
    pub limits: Limits,
    /// What the transactions of one ledger may use together.
    pub ledger_limits: LedgerLimits,
    /// What resources cost.
    pub fees: FeeRates,
    /// How long entries live.
    pub archival: Archival,
}

/// What one transaction may use. The default is what mainnet allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instructions.
    pub instructions: u32,
    /// Memory in bytes.
    pub memory_bytes: u32,
    /// Entries read from disk: classic ones and archived ones.
    pub disk_read_entries: u32,
    /// Bytes of those.
    pub disk_read_bytes: u32,
    /// Entries written.
    pub write_entries: u32,
    /// Bytes of those.
    pub write_bytes: u32,
    /// Entries in the footprint altogether.
    pub footprint_entries: u32,
    /// Bytes of contract events and return value.
    pub events_bytes: u32,
    /// Bytes of the envelope.
    pub envelope_bytes: u32,
    /// Bytes of a contract's code.
    pub contract_bytes: u32,
    /// Bytes of a key of contract data.
    pub key_bytes: u32,
    /// Bytes of an entry of contract data.
    pub entry_bytes: u32,
}

/// What the transactions of one ledger may use together; all but the first are about contract
/// transactions. Those that do not fit wait for the next ledger; the highest fee rates come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerLimits {
    /// Operations of classic transactions, a fee-bump counted as one more: `maxTxSetSize` of the
    /// ledger's header.
    pub operations: u32,
    /// Transactions.
    pub transactions: u32,
    /// Instructions. (The public networks allow as much in each of two clusters that run side by
    /// side; this one puts everything into one.)
    pub instructions: i64,
    /// Entries read from disk.
    pub disk_read_entries: u32,
    /// Bytes of those.
    pub disk_read_bytes: u32,
    /// Entries written.
    pub write_entries: u32,
    /// Bytes of those.
    pub write_bytes: u32,
    /// Bytes of the envelopes.
    pub envelope_bytes: u32,
}

/// What resources cost, in stroops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRates {
    /// For 10,000 instructions.
    pub instructions: i64,
    /// For an entry read from disk.
    pub disk_read_entry: i64,
    /// For 1,024 bytes read from disk.
    pub disk_read_1kb: i64,
    /// For an entry written.
    pub write_entry: i64,
    /// For 1,024 bytes written.
    pub write_1kb: i64,
    /// For 1,024 bytes of envelope, kept in history.
    pub history_1kb: i64,
    /// For 1,024 bytes of envelope, sent around.
    pub envelope_1kb: i64,
    /// For 1,024 bytes of events and return value.
    pub events_1kb: i64,
    /// The rent's scale for 1,024 bytes where the live state is empty (the effective rate is
    /// never below 1,000).
    pub rent_1kb_low: i64,
    /// The same where the live state has its target size.
    pub rent_1kb_high: i64,
    /// The live state's target size in bytes, beyond which rents rise steeply.
    pub state_target_bytes: i64,
    /// How steeply.
    pub rent_growth_factor: u32,
    /// The live state's size in bytes. On the public networks it is an average of the real size;
    /// here it stays what it is set to, so that rents do not depend on a test's history.
    pub state_bytes: u64,
}

/// How long entries live, in ledgers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archival {
    /// The longest an entry can live from now on, this ledger counted.
    pub max_ttl: u32,
    /// What a temporary entry is given at least.
    pub min_temporary_ttl: u32,
    /// What a persistent entry is given when it is created or restored.
    pub min_persistent_ttl: u32,
    /// So many ledgers of a persistent entry cost its rent rate once.
    pub persistent_rent_denominator: i64,
    /// So many ledgers of a temporary entry cost its rent rate once.
    pub temporary_rent_denominator: i64,
}

impl NetworkSettings {
    /// The public network's: 120 days for a persistent entry, 180 at most.
    #[must_use]
    pub const fn mainnet() -> Self {
        Self {
            limits: Limits::MAINNET,
            ledger_limits: LedgerLimits::MAINNET,
            fees: FeeRates::MAINNET,
            archival: Archival::MAINNET,
        }
    }

    /// The public test network's: as mainnet's but for shorter lives (a week for a persistent
    /// entry, an hour for a temporary one) and a larger target for the live state.
    #[must_use]
    pub const fn testnet() -> Self {
        let mainnet = Self::mainnet();
        Self {
            fees: FeeRates { state_target_bytes: 4_000_000_000, ..mainnet.fees },
            archival: Archival {
                min_temporary_ttl: 720,
                min_persistent_ttl: 120_960,
                ..mainnet.archival
            },
            ..mainnet
        }
    }

    /// Mainnet's fees and lives, and no limits but those of the formats. It shows what a
    /// transaction would need; whether mainnet would take it, it does not show.
    #[must_use]
    pub const fn unlimited() -> Self {
        const MOST: u32 = u32::MAX;
        Self {
            limits: Limits {
                instructions: MOST,
                memory_bytes: MOST,
                disk_read_entries: MOST,
                disk_read_bytes: MOST,
                write_entries: MOST,
                write_bytes: MOST,
                footprint_entries: MOST,
                events_bytes: MOST,
                envelope_bytes: MOST,
                contract_bytes: MOST,
                key_bytes: MOST,
                entry_bytes: MOST,
            },
            ledger_limits: LedgerLimits {
                operations: MOST,
                transactions: MOST,
                instructions: i64::MAX,
                disk_read_entries: MOST,
                disk_read_bytes: MOST,
                write_entries: MOST,
                write_bytes: MOST,
                envelope_bytes: MOST,
            },
            ..Self::mainnet()
        }
    }
}

/// Of one transaction, in a fee-bump.
pub(crate) const MOST_OPERATIONS: u32 = 101;

impl NetworkSettings {
    /// With room in a ledger for at least one transaction of the largest kind.
    pub(crate) fn coherent(mut self) -> Self {
        let (tx, ledger) = (&self.limits, &mut self.ledger_limits);
        ledger.operations = ledger.operations.max(MOST_OPERATIONS);
        ledger.transactions = ledger.transactions.max(1);
        ledger.instructions = ledger.instructions.max(tx.instructions.into());
        ledger.disk_read_entries = ledger.disk_read_entries.max(tx.disk_read_entries);
        ledger.disk_read_bytes = ledger.disk_read_bytes.max(tx.disk_read_bytes);
        ledger.write_entries = ledger.write_entries.max(tx.write_entries);
        ledger.write_bytes = ledger.write_bytes.max(tx.write_bytes);
        ledger.envelope_bytes = ledger.envelope_bytes.max(tx.envelope_bytes);
        self
    }
}

impl Limits {
    const MAINNET: Self = Self {
        instructions: 400_000_000,
        memory_bytes: 41_943_040,
        disk_read_entries: 200,
        disk_read_bytes: 200_000,
        write_entries: 200,
        write_bytes: 132_096,
        footprint_entries: 400,
        events_bytes: 16_384,
        envelope_bytes: 132_096,
        contract_bytes: 131_072,
        key_bytes: 250,
        entry_bytes: 65_536,
    };
}

impl LedgerLimits {
    const MAINNET: Self = Self {
        operations: 1_000,
        transactions: 2_000,
        instructions: 580_000_000,
        disk_read_entries: 1_000,
        disk_read_bytes: 400_000,
        write_entries: 1_000,
        write_bytes: 286_720,
        envelope_bytes: 266_240,
    };
}

impl FeeRates {
    const MAINNET: Self = Self {
        instructions: 7,
        disk_read_entry: 1_563,
        disk_read_1kb: 447,
        write_entry: 2_500,
        write_1kb: 875,
        history_1kb: 4_059,
        envelope_1kb: 406,
        events_1kb: 5_000,
        rent_1kb_low: -17_000,
        rent_1kb_high: 10_000,
        state_target_bytes: 3_000_000_000,
        rent_growth_factor: 5_000,
        state_bytes: 1_000_000_000,
    };
}

impl Archival {
    /// In ledgers of 5 seconds: 180 days, a day, 120 days.
    const MAINNET: Self = Self {
        max_ttl: 3_110_400,
        min_temporary_ttl: 17_280,
        min_persistent_ttl: 2_073_600,
        persistent_rent_denominator: 1_215,
        temporary_rent_denominator: 2_430,
    };
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self::mainnet()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::MAINNET
    }
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self::MAINNET
    }
}

impl Default for FeeRates {
    fn default() -> Self {
        Self::MAINNET
    }
}

impl Default for Archival {
    fn default() -> Self {
        Self::MAINNET
    }
}
