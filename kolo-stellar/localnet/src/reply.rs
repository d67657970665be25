//! An answer from the network's thread.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot;

use crate::network::NetworkError;

/// An answer that is on its way: await it on any executor, or [`wait`](Reply::wait) for it.
///
/// The work is done whether or not the reply is looked at.
#[derive(Debug)]
#[must_use = "the outcome is in the reply; await it or call wait()"]
pub struct Reply<T> {
    receiver: oneshot::Receiver<Result<T, NetworkError>>,
}

impl<T> Reply<T> {
    pub(crate) fn new(receiver: oneshot::Receiver<Result<T, NetworkError>>) -> Self {
        Self { receiver }
    }

    /// Blocks the calling thread until the answer is there.
    ///
    /// # Errors
    /// What the awaited reply gives too: [`NetworkError`].
    pub fn wait(self) -> Result<T, NetworkError> {
        futures::executor::block_on(self)
    }
}

impl<T> Future for Reply<T> {
    type Output = Result<T, NetworkError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver)
            .poll(context)
            .map(|answer| answer.unwrap_or(Err(NetworkError::Stopped)))
    }
}
