//! Looking after a network, for operators: is it well, is what was deployed there and alive, what do
//! fees cost, do the operator's accounts hold enough. Every call only reads.
mod accounts;
mod fees;
mod health;
mod status;

pub use accounts::{AccountStatus, accounts};
pub use fees::{FeeLevel, FeeReport, fees};
pub use health::{Alarm, Health, Limits, health};
pub use status::{EntryStatus, NetworkStatus, status};
