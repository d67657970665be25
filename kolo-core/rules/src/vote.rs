//! Votes: a proposal passes iff 100·yes ≥ 51·N.

/// Whether `yes` of an electorate of `n` passes. For any `u32`.
pub fn passes(yes: u32, n: u32) -> bool { u64::from(yes) * 100 >= u64::from(n) * 51 && n > 0 }
/// Whether approval is impossible once `no` of `n` are against.
pub fn is_impossible(no: u32, n: u32) -> bool { !passes(n.saturating_sub(no), n) }
