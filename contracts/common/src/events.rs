//! What both the circle and its rulebook announce.
#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the fields' names are the interface; the guide explains them"
)]
use soroban_sdk::{Address, contractevent};

// A member paid into the vault.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionMade {
    #[topic]
    pub member: Address,
    pub round: u32,
    pub amount: i128,
    pub late: bool,
}

// A pot was paid out, or credited because it could not be delivered.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutMade {
    #[topic]
    pub recipient: Address,
    pub round: u32,
    pub amount: i128,
    pub credited: bool,
}
