//! What mainnet charges.
use soroban_env_host::fees::{
    FeeConfiguration, RentFeeConfiguration, RentWriteFeeConfiguration, TransactionResources,
    compute_rent_write_fee_per_1kb, compute_transaction_resource_fee,
};

/// TTLs in ledgers, from stellar-core's soroban-settings/pubnet_phase5.json: 180 days at most, 120 at
/// first, one day for a temporary entry.
pub const MAX_TTL: u32 = 3_110_400;
pub const MIN_PERSISTENT_TTL: u32 = 2_073_600;
pub const MIN_TEMPORARY_TTL: u32 = 17_280;

/// Stroops. From stellar-core's soroban-settings: pubnet_phase1.json (instructions, entries, bytes
/// read, history, size), pubnet_phase6.json (events); bytes written as since protocol 23.
const FEES: FeeConfiguration = FeeConfiguration {
    fee_per_instruction_increment: 25,
    fee_per_disk_read_entry: 6_250,
    fee_per_write_entry: 10_000,
    fee_per_disk_read_1kb: 1_786,
    fee_per_write_1kb: 875,
    fee_per_historical_1kb: 16_235,
    fee_per_contract_event_1kb: 10_000,
    fee_per_transaction_size_1kb: 1_624,
};

/// As since protocol 23.
const RENT: RentWriteFeeConfiguration = RentWriteFeeConfiguration {
    state_target_size_bytes: 3_000_000_000,
    rent_fee_1kb_state_size_low: -17_000,
    rent_fee_1kb_state_size_high: 10_000,
    state_size_rent_fee_growth_factor: 5_000,
};

/// What the network keeps in all, bytes: rent rises with it.
const STATE_BYTES: i64 = 1_000_000_000;

/// The resource fee in stroops, its refundable part with it; no rent.
pub fn resource_fee(resources: &TransactionResources) -> i64 {
    let (spent, refundable) = compute_transaction_resource_fee(resources, &FEES);
    spent.saturating_add(refundable)
}

/// How rent is computed.
pub fn rent() -> RentFeeConfiguration {
    RentFeeConfiguration {
        fee_per_write_1kb: FEES.fee_per_write_1kb,
        fee_per_rent_1kb: compute_rent_write_fee_per_1kb(STATE_BYTES, &RENT),
        fee_per_write_entry: FEES.fee_per_write_entry,
        persistent_rent_rate_denominator: 1_215,
        temporary_rent_rate_denominator: 2_430,
    }
}
