//! Stellar RPC over a running network: every method's fields, types and encodings.

mod events;
mod garbage;
mod http;
mod methods;
mod restart;
mod shapes;
mod simulate;
mod support;
