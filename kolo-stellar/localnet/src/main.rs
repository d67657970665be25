//! A Stellar network on a port.
fn main() {}
