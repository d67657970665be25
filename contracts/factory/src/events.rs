//! What the factory announces.
#![allow(
    missing_docs,
    reason = "documentation comments would be in the wasm: the fields' names are the interface; the guide explains them"
)]
use soroban_sdk::{Address, BytesN, contractevent};

// A circle exists. What is not announced here is not one of this factory's.
#[contractevent]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCreated {
    #[topic]
    pub circle: Address,
    #[topic]
    pub organiser: Address,
    pub rules: BytesN<128>,
    pub rules_hash: BytesN<32>,
}
