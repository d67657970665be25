//! Time in the test's hand.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::channel::oneshot;

use crate::Timestamp;
use crate::port::Clock;

/// A clock that stands still until it is moved. Clones share it.
#[derive(Clone, Debug)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    sleepers: Vec<(Timestamp, oneshot::Sender<()>)>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { state: Arc::new(Mutex::new(State { now, sleepers: Vec::new() })) }
    }

    /// Moves the clock, also back; wakes who slept until then. Returns at once: who wakes runs
    /// when their executor gets to it.
    pub fn set(&self, now: Timestamp) {
        self.move_to(|_| now);
    }

    /// Moves the clock on by `seconds` and returns the new time.
    pub fn advance(&self, seconds: u64) -> Timestamp {
        self.move_to(|now| now.plus(seconds))
    }

    /// The earliest moment somebody sleeps until.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let state = self.lock();
        let asleep = state.sleepers.iter().filter(|(_, wake)| !wake.is_canceled());
        asleep.map(|(until, _)| *until).min()
    }

    fn move_to(&self, to: impl FnOnce(Timestamp) -> Timestamp) -> Timestamp {
        let mut state = self.lock();
        let now = to(state.now);
        state.now = now;
        let (woken, asleep): (Vec<_>, Vec<_>) =
            state.sleepers.drain(..).partition(|(until, _)| *until <= now);
        state.sleepers = asleep;
        // A waker may run its task at once, and that task may ask for the time.
        drop(state);
        for (_, wake) in woken {
            // Fails when the sleeper was dropped meanwhile: nobody is left to wake.
            let _ = wake.send(());
        }
        now
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` when the time has come.
    fn wait_for(&self, until: Timestamp) -> Option<oneshot::Receiver<()>> {
        let mut state = self.lock();
        if until <= state.now {
            return None;
        }
        let (wake, woken) = oneshot::channel();
        state.sleepers.retain(|(_, wake)| !wake.is_canceled());
        state.sleepers.push((until, wake));
        Some(woken)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep_until(&self, until: Timestamp) {
        // Again after waking: the clock may have been moved back since.
        while let Some(woken) = self.wait_for(until) {
            // Cancelled only when the clock was dropped, which this borrow rules out.
            let _ = woken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use futures::FutureExt;
    use futures::executor::block_on;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[test]
    fn sleepers_wake_when_their_time_is_reached_and_not_before() {
        let clock = ManualClock::new(at(100));
        assert_eq!(clock.sleep_until(at(100)).now_or_never(), Some(()));
        let mut early = clock.sleep_until(at(110));
        let mut late = clock.sleep_until(at(120));
        assert!((&mut early).now_or_never().is_none());
        assert!((&mut late).now_or_never().is_none());
        assert_eq!(clock.next_wake(), Some(at(110)));
        assert_eq!(clock.advance(9), at(109));
        assert!((&mut early).now_or_never().is_none());
        clock.set(at(119));
        assert_eq!(early.now_or_never(), Some(()));
        assert!((&mut late).now_or_never().is_none());
        assert_eq!(clock.next_wake(), Some(at(120)));
        drop(late);
        assert_eq!(clock.next_wake(), None);
    }

    #[test]
    fn moving_the_clock_wakes_another_thread() {
        let clock = ManualClock::new(at(0));
        let sleeper = clock.clone();
        let thread = thread::spawn(move || block_on(sleeper.sleep_until(at(3_600))));
        while clock.next_wake().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        clock.advance(3_600);
        thread.join().unwrap();
        assert_eq!(clock.now(), at(3_600));
    }

    #[test]
    fn a_clock_moved_back_sends_back_to_sleep() {
        let clock = ManualClock::new(at(0));
        let mut sleep = clock.sleep_until(at(10));
        assert!((&mut sleep).now_or_never().is_none());
        clock.set(at(10));
        clock.set(at(5));
        assert!((&mut sleep).now_or_never().is_none());
        clock.set(at(10));
        assert_eq!(sleep.now_or_never(), Some(()));
    }
}
