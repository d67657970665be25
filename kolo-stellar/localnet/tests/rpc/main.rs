//! Stellar RPC over a running network: every method's fields, types and encodings.

// Helpers of tests fail a test by panicking, just like the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod client;
mod events;
mod explorer;
mod garbage;
mod http;
mod json;
mod ledgers;
mod methods;
mod program;
mod restart;
mod shapes;
mod simulate;
mod support;
mod tools;

/// The HTTP client wants a TLS provider even for plain HTTP, where another crate of the workspace
/// has it built without one.
fn tls_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
