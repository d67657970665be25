//! Time and randomness, as parameters.
use async_trait::async_trait;

use super::PortError;
use crate::Timestamp;

/// The clock. Tests set it; the demo moves it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

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
