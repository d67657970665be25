//! Waking a sleeping worker from any thread and executor.
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::task::AtomicWaker;

/// One sleeper; a nudge while nobody sleeps is remembered.
#[derive(Default)]
pub(super) struct Nudge {
    nudged: AtomicBool,
    sleeper: AtomicWaker,
}

impl Nudge {
    pub fn nudge(&self) {
        self.nudged.store(true, Ordering::SeqCst);
        self.sleeper.wake();
    }

    /// Returns with the first nudge since the last return.
    pub async fn wait(&self) {
        poll_fn(|context| {
            self.sleeper.register(context.waker());
            if self.nudged.swap(false, Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
