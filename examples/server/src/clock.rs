//! Clocks of the server: the system's, shifted by whoever moves the demo forward; and a still one.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use kolo_core::Timestamp;
use kolo_core::port::{Clock, Entropy, PortError, PortErrorKind, Retry};
use tokio::sync::watch;

/// Where a [`MovableClock`]'s time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// The system clock: it also runs by itself.
    System,
    /// It stands still until moved.
    Still(u64),
}

/// A clock that can be moved forward, never back.
pub struct MovableClock {
    base: Base,
    shift_s: AtomicU64,
    moved: watch::Sender<()>,
}

impl MovableClock {
    /// The system's time plus a shift in seconds (of an earlier run).
    #[must_use]
    pub fn running(shift_s: u64) -> Self {
        Self { base: Base::System, shift_s: AtomicU64::new(shift_s), moved: watch::Sender::new(()) }
    }

    /// Stands at `start`.
    #[must_use]
    pub fn still(start: Timestamp) -> Self {
        let base = Base::Still(start.unix());
        Self { base, shift_s: AtomicU64::new(0), moved: watch::Sender::new(()) }
    }

    /// How far it was moved, seconds.
    #[must_use]
    pub fn shift_s(&self) -> u64 {
        self.shift_s.load(Ordering::SeqCst)
    }

    /// Moves it forward.
    pub fn advance(&self, seconds: u64) {
        self.shift_s.fetch_add(seconds, Ordering::SeqCst);
        self.moved.send_replace(());
    }

    /// Moves it forward to `until`; nothing happens when that is past.
    pub fn advance_to(&self, until: Timestamp) {
        self.advance(until.unix().saturating_sub(self.now().unix()));
    }
}

#[async_trait]
impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let base = match self.base {
            Base::System => system_time(),
            Base::Still(at) => at,
        };
        Timestamp::from_unix(base.saturating_add(self.shift_s()))
    }

    /// A clock moved by hand moves no phone: the system's time.
    fn now_elsewhere(&self) -> Timestamp {
        match self.base {
            Base::System => Timestamp::from_unix(system_time()),
            Base::Still(_) => self.now(),
        }
    }

    async fn sleep_until(&self, until: Timestamp) {
        let mut moved = self.moved.subscribe();
        loop {
            let left = until.unix().saturating_sub(self.now().unix());
            if left == 0 {
                return;
            }
            match self.base {
                Base::System => {
                    // Bounded, so that a suspended machine notices.
                    let nap = Duration::from_secs(left.min(60));
                    let _ = tokio::time::timeout(nap, moved.changed()).await;
                }
                Base::Still(_) => {
                    if moved.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

fn system_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), PortError> {
        getrandom::fill(bytes).map_err(|error| {
            PortError::new(
                PortErrorKind::Unavailable,
                Retry::Temporary,
                "the system has no randomness",
            )
            .because(error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_the_clock_moves_no_phone() {
        let clock = MovableClock::running(1_000);
        clock.advance(86_400);
        let (now, elsewhere) = (clock.now().unix(), clock.now_elsewhere().unix());
        assert!(now - elsewhere >= 87_400, "{now} {elsewhere}");
        assert!(system_time() - elsewhere <= 5);
        let still = MovableClock::still(Timestamp::from_unix(7));
        still.advance(1);
        assert_eq!(still.now_elsewhere(), still.now());
    }
}
