//! One binary, so that the host is linked once.
mod closing;
mod cost;
mod delivery;
mod events;
mod factory;
mod joining;
mod lifetimes;
mod rotation;
