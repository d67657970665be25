//! Keys in another process: a [`KeyVault`](kolo_core::port::KeyVault) that asks a signing service over
//! HTTP, and that service.
//!
//! | piece | is |
//! |---|---|
//! | [`RemoteVault`] | the adapter: the port's calls as requests |
//! | [`SigningService`] | the other side, around any vault: bytes in, bytes out, under any HTTP server |
//! | [`AccessToken`] | the word both know |
//!
//! A request is `POST /v1/create`, `/v1/sign` or `/v1/rotate` with a JSON body and the token as
//! `Authorization: Bearer …`. Plain `http` is for loopback alone. Nothing the service does happens
//! twice by being asked twice, so that a request without an answer may be repeated.
mod client;
mod service;
mod wire;

pub use client::{RemoteVault, RemoteVaultError};
pub use service::{Answer, SigningService};
pub use wire::{AccessToken, AccessTokenError};
