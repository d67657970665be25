//! The first ledger.

/// The passphrase of standalone networks.
pub const STANDALONE_PASSPHRASE: &str = "Standalone Network ; February 2017";
/// The protocol: the contract host executes only its own.
pub const PROTOCOL_VERSION: u32 = soroban_env_host::meta::INTERFACE_VERSION.protocol;
/// Base fee per operation, stroops.
pub const BASE_FEE: u32 = 100;
/// Base reserve, stroops (0.5 XLM).
pub const BASE_RESERVE: u32 = 5_000_000;
/// Every coin there is: 100 billion XLM, in stroops.
pub const TOTAL_COINS: i64 = 1_000_000_000_000_000_000;
