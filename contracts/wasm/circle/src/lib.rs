//! The circle contract as the network runs it: `circle.wasm`.
#![no_std]

pub use kolo_circle::*;
