//! The Stellar asset contract's errors that say something about the two accounts, and not about the
//! call: `BalanceError` (too little, or over the trustline's limit), `BalanceDeauthorizedError`,
//! `TrustlineMissingError` of soroban-env-host's `builtin_contracts::contract_error`.

/// Too little, or over the trustline's limit.
pub const BALANCE: u32 = 10;
/// Frozen by the issuer.
pub const DEAUTHORISED: u32 = 11;
/// There is no trustline.
pub const TRUSTLINE_MISSING: u32 = 13;
