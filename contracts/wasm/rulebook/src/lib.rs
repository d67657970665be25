//! The rulebook as the network runs it: `rulebook.wasm`.
#![no_std]

pub use kolo_rulebook::*;
