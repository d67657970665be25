//! Time and randomness, as parameters.
use async_trait::async_trait;

use super::PortError;
use crate::Timestamp;

/// The clock. Tests set it; the demo moves it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// What other devices' clocks show, such as a phone's with an authenticator: as [`Self::now`], unless
    /// this clock is moved by hand.
    fn now_elsewhere(&self) -> Timestamp {
        self.now()
    }

    /// Returns once `now() >= until`, also when the clock is moved.
    async fn sleep_until(&self, until: Timestamp);
}

/// Unpredictable bytes (invitation codes). A seeded one makes a demo repeatable.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError>;
}
