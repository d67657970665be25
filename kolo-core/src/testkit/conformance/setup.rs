//! How a suite gets at the adapter under test.
use std::future::Future;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use futures::channel::oneshot;
use futures::future::{BoxFuture, join_all};

use crate::port::{KeyVault, Ledger, ReadModel, WorkQueue};

/// Runs a future on the calling thread: what the suites use when they are given no `block_on`.
pub fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

/// One store through its two ports.
#[derive(Clone)]
pub struct LedgerHandles {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// The work queue on the same store.
    pub work: Arc<dyn WorkQueue>,
}

/// Makes the store under test.
#[async_trait]
pub trait LedgerFactory: Send + Sync {
    /// Opens the store of this factory: empty at first, later calls open the same store again.
    async fn open(&self) -> LedgerHandles;

    /// Closes the store before it is opened again; dropping the handles is enough unless an adapter
    /// has more to do.
    async fn close(&self, handles: LedgerHandles) {
        drop(handles);
    }
}

/// One store through the port that writes and the one that answers accountants.
#[derive(Clone)]
pub struct ReadModelHandles {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// The read model of the same store.
    pub read_model: Arc<dyn ReadModel>,
}

/// Makes the read model under test.
#[async_trait]
pub trait ReadModelFactory: Send + Sync {
    /// Opens the store of this factory: empty at first, later calls open the same store again.
    async fn open(&self) -> ReadModelHandles;
}

/// Makes the vault under test.
#[async_trait]
pub trait VaultFactory: Send + Sync {
    /// Opens the vault of this factory: empty at first, later calls open the same vault again.
    async fn open(&self) -> Arc<dyn KeyVault>;

    /// Secrets the factory knows (its master key, derived keys), as bytes: the suite looks for them
    /// in whatever the vault says. At least one.
    fn secrets(&self) -> Vec<Vec<u8>>;
}

/// A factory and the executor to run on.
pub struct Setup<F: ?Sized> {
    run: fn(BoxFuture<'static, ()>),
    factory: Box<F>,
}

/// What a case of the ledger's or the work queue's suite gets.
pub type LedgerSetup = Setup<dyn LedgerFactory>;
/// What a case of the read model's suite gets.
pub type ReadModelSetup = Setup<dyn ReadModelFactory>;
/// What a case of the vault's suite gets.
pub type VaultSetup = Setup<dyn VaultFactory>;

impl<F: ?Sized> Setup<F> {
    /// Runs `job` for 0..n on n threads at once and returns their answers in that order.
    pub(super) async fn at_once<T, J>(&self, n: u32, job: impl Fn(u32) -> J) -> Vec<T>
    where
        T: Send + 'static,
        J: Future<Output = T> + Send + 'static,
    {
        let run = self.run;
        let answers = (0..n).map(|i| {
            let (answer, answered) = oneshot::channel();
            let job = job(i);
            let future = async move {
                let _ = answer.send(job.await);
            };
            thread::spawn(move || run(Box::pin(future)));
            answered
        });
        let answers: Vec<_> = answers.collect();
        join_all(answers).await.into_iter().map(|a| a.expect("the thread panicked")).collect()
    }
}

impl LedgerSetup {
    /// `run` runs a future to its end on the calling thread.
    #[must_use]
    pub fn new(factory: impl LedgerFactory + 'static, run: fn(BoxFuture<'static, ()>)) -> Self {
        Self { run, factory: Box::new(factory) }
    }

    /// Opens the store.
    pub async fn open(&self) -> LedgerHandles {
        self.factory.open().await
    }

    /// Closes the store and opens it again.
    pub async fn reopen(&self, handles: LedgerHandles) -> LedgerHandles {
        self.factory.close(handles).await;
        self.factory.open().await
    }
}

impl ReadModelSetup {
    /// `run` runs a future to its end on the calling thread.
    #[must_use]
    pub fn new(factory: impl ReadModelFactory + 'static, run: fn(BoxFuture<'static, ()>)) -> Self {
        Self { run, factory: Box::new(factory) }
    }

    /// Opens the store.
    pub async fn open(&self) -> ReadModelHandles {
        self.factory.open().await
    }
}

impl VaultSetup {
    /// `run` runs a future to its end on the calling thread.
    #[must_use]
    pub fn new(factory: impl VaultFactory + 'static, run: fn(BoxFuture<'static, ()>)) -> Self {
        Self { run, factory: Box::new(factory) }
    }

    /// Opens the vault.
    pub async fn open(&self) -> Arc<dyn KeyVault> {
        self.factory.open().await
    }

    /// See [`VaultFactory::secrets`].
    #[must_use]
    pub fn secrets(&self) -> Vec<Vec<u8>> {
        self.factory.secrets()
    }
}
