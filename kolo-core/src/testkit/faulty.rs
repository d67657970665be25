//! Any port, failing by a repeatable plan.
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::port::{PortError, PortErrorKind, Retry};

use super::entropy::block;

mod ports;

/// Where a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Before it reaches the adapter: nothing happened ([`Retry::Temporary`]).
    Before,
    /// After the adapter did it: it happened, and the answer is lost ([`Retry::Unknown`]).
    After,
}

/// Which calls fail. Clones share the count of calls, so that one plan may drive several ports.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    seed: u64,
    before_per_mille: u16,
    after_per_mille: u16,
    /// Faults wanted at certain calls.
    script: BTreeMap<u64, Fault>,
    active: bool,
    calls: u64,
    injected: Vec<(u64, Fault)>,
}

impl FaultPlan {
    /// Out of a thousand calls about so many fail before and so many after; which ones follows from
    /// `seed` and the number of the call alone.
    #[must_use]
    pub fn seeded(seed: u64, before_per_mille: u16, after_per_mille: u16) -> Self {
        Self::of(seed, before_per_mille, after_per_mille, BTreeMap::new())
    }

    /// The calls of these numbers fail, counted from 0.
    #[must_use]
    pub fn scripted(faults: impl IntoIterator<Item = (u64, Fault)>) -> Self {
        Self::of(0, 0, 0, faults.into_iter().collect())
    }

    fn of(seed: u64, before: u16, after: u16, script: BTreeMap<u64, Fault>) -> Self {
        let state = State {
            seed,
            before_per_mille: before,
            after_per_mille: after,
            script,
            active: true,
            calls: 0,
            injected: Vec::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Suspends the plan (`false`) or resumes it. Suspended, calls neither fail nor count.
    pub fn activate(&self, active: bool) {
        self.lock().active = active;
    }

    /// How many calls were counted.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Which calls failed, and where.
    #[must_use]
    pub fn injected(&self) -> Vec<(u64, Fault)> {
        self.lock().injected.clone()
    }

    /// Makes a call under the plan: the helper for ports of your own.
    ///
    /// # Errors
    /// The call's own, or the injected one.
    pub async fn call<T, E: From<PortError>>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let error = |kind, retry, when: &str| {
            E::from(PortError::new(kind, retry, format!("{what}: injected fault, {when}")))
        };
        match self.next() {
            None => call.await,
            Some(Fault::Before) => {
                Err(error(PortErrorKind::Unavailable, Retry::Temporary, "it did not happen"))
            }
            Some(Fault::After) => {
                // The adapter's own refusal is an answer that reached us; only success gets lost.
                call.await?;
                Err(error(PortErrorKind::Timeout, Retry::Unknown, "it happened"))
            }
        }
    }

    /// The fate of the next call.
    fn next(&self) -> Option<Fault> {
        let mut state = self.lock();
        if !state.active {
            return None;
        }
        let number = state.calls;
        state.calls += 1;
        let fault = state.fate(number)?;
        state.injected.push((number, fault));
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fate(&self, number: u64) -> Option<Fault> {
        if let Some(fault) = self.script.get(&number) {
            return Some(*fault);
        }
        let [a, b, c, d, ..] = block(self.seed, number);
        let drawn = u32::from_be_bytes([a, b, c, d]) % 1_000;
        let before = u32::from(self.before_per_mille);
        let after = before.saturating_add(u32::from(self.after_per_mille));
        match drawn {
            _ if drawn < before => Some(Fault::Before),
            _ if drawn < after => Some(Fault::After),
            _ => None,
        }
    }
}

/// A port that fails by plan. Implements every port that `P` implements: `Faulty<dyn Ledger>`,
/// `Faulty<MemoryLedger>`, `Faulty<dyn ChainClient>` … What needs no outside (addresses, checking,
/// assembling) never fails.
#[derive(Clone, Debug)]
pub struct Faulty<P: ?Sized> {
    inner: Arc<P>,
    plan: FaultPlan,
}

impl<P: ?Sized> Faulty<P> {
    /// `inner`, failing by `plan`.
    #[must_use]
    pub fn new(inner: Arc<P>, plan: FaultPlan) -> Self {
        Self { inner, plan }
    }

    /// The port itself, which does not fail.
    #[must_use]
    pub fn inner(&self) -> &Arc<P> {
        &self.inner
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &FaultPlan {
        &self.plan
    }
}
