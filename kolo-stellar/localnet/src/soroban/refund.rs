//! The part of a Soroban fee that is given back when it is not used.

use super::settings::Settings;
use crate::tx::{Inner, resource_fee};

/// What of the declared resource fee has been used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refundable {
    /// Charged for what was declared, used or not.
    pub(crate) non_refundable: i64,
    /// What may be used for rent and events.
    available: i64,
    pub(crate) rent: i64,
    /// Used: rent and events together.
    pub(crate) used: i64,
}

impl Refundable {
    pub(crate) fn new(inner: &Inner, settings: &Settings) -> Self {
        let Some(data) = inner.soroban_data().filter(|_| inner.is_soroban()) else {
            return Self::default();
        };
        let (non_refundable, _) = resource_fee(inner, data, settings, 0);
        let available = data.resource_fee.saturating_sub(non_refundable);
        Self { non_refundable, available, rent: 0, used: 0 }
    }

    /// Takes rent and the fee for events; `false` if there is not enough.
    pub(crate) fn consume(
        &mut self,
        inner: &Inner,
        settings: &Settings,
        events_bytes: u32,
        rent: i64,
    ) -> bool {
        let Some(data) = inner.soroban_data() else {
            return false;
        };
        let (_, events_fee) = resource_fee(inner, data, settings, events_bytes);
        self.rent = rent;
        self.used = rent.saturating_add(events_fee);
        self.used <= self.available
    }

    /// A failed transaction has used nothing.
    pub(crate) fn reset(&mut self) {
        self.rent = 0;
        self.used = 0;
    }

    /// What is given back.
    pub(crate) fn unused(&self) -> i64 {
        self.available.saturating_sub(self.used)
    }
}
