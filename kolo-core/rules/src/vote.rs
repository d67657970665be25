//! Votes: a proposal passes iff 100·yes ≥ 51·N.

/// Whether `yes` of an electorate of `n` passes. For any `u32`.
///
/// Of 50 it takes 26, of 51 27, of 100 51, of 101 52; a tie fails, and nobody's vote passes nothing.
#[must_use]
pub fn passes(yes: u32, n: u32) -> bool {
    n > 0 && u64::from(yes) * 100 >= u64::from(n) * 51
}

/// Whether approval is impossible once `no` of `n` are against.
#[must_use]
pub fn is_impossible(no: u32, n: u32) -> bool {
    !passes(n.saturating_sub(no), n)
}
