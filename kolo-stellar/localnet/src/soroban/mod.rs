//! Contracts: settings, fees, invocations, footprints, simulation.

mod footprint;
mod invoke;
mod modules;
mod refund;
mod settings;
mod simulate;
mod ttl;
mod written;

pub(crate) use invoke::{check_invoke, invoke};
pub(crate) use modules::ModuleCaches;
pub(crate) use refund::Refundable;
pub(crate) use settings::{Settings, frozen_setting, genesis_settings};
pub(crate) use simulate::{SimulationInput, simulate};
pub(crate) use ttl::{check_extend, check_restore, extend, restore};
