//! The factory contract as the network runs it: `factory.wasm`.
#![no_std]

pub use kolo_factory::*;
