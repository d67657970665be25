//! Is all well? What a monitor asks every minute: the network, the operator's accounts and channels, calls
//! that fail, settlement, how far the chain was followed.
use std::sync::{Mutex, MutexGuard, PoisonError};

use kolo_core::port::Clock;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use kolo_core::worker::Unlisted;
use kolo_core::{ChannelAccount, Error, Following, Timestamp};
use kolo_stellar::inspect::{self, Alarm, Health, Limits};
use kolo_stellar::setup::SetupError;
use serde::Serialize;

use crate::stack::Stack;

/// Dead letters counted at most.
const MOST_LETTERS: usize = 1_000;

/// Which circles save in what is not on the list is known for so long, seconds.
const UNLISTED_FOR_S: u64 = 300;

/// One look at everything.
#[derive(Serialize)]
pub struct Report {
    /// Whether nobody needs to do anything.
    pub ok: bool,
    /// What somebody should do, in words; empty when all is well.
    pub advice: Vec<String>,
    /// The network and what of ours is on it.
    pub chain: Health,
    /// The channels: they hold no money, and one that vanishes is opened again.
    pub channels: Vec<ChannelAccount>,
    /// How far the chain was followed, and every gap.
    pub following: Following,
    /// Circles that save in what is not on the list of assets.
    pub unlisted: Vec<Unlisted>,
    /// Events a handler failed on, not replayed yet: how many, up to a thousand.
    pub dead_letters: usize,
}

/// Why nobody can say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HealthError {
    /// The network.
    #[error(transparent)]
    Network(#[from] SetupError),
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What is not looked at each time one asks.
#[derive(Default)]
pub struct Seen(Mutex<Option<(Timestamp, Vec<Unlisted>)>>);

impl Seen {
    /// It takes a reading of every circle there is, and changes with the list of assets, when the service starts.
    async fn unlisted(&self, stack: &Stack) -> Result<Vec<Unlisted>, Error> {
        let now = stack.clock.now();
        let kept = self.kept().clone();
        if let Some((_, unlisted)) = kept.filter(|(until, _)| now < *until) {
            return Ok(unlisted);
        }
        let unlisted = stack.kolo.unlisted().await?;
        *self.kept() = Some((now.plus(UNLISTED_FOR_S), unlisted.clone()));
        Ok(unlisted)
    }

    fn kept(&self) -> MutexGuard<'_, Option<(Timestamp, Vec<Unlisted>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks.
///
/// # Errors
/// [`HealthError`] when the network or the database does not answer.
pub async fn look(stack: &Stack, seen: &Seen) -> Result<Report, HealthError> {
    let (kolo, factory) = (&stack.kolo, Some(&stack.factory));
    let assets: Vec<_> = kolo.assets().iter().map(|allowed| allowed.asset.clone()).collect();
    let found = inspect::status(&stack.rpc, &stack.passphrase, factory, &assets).await?;
    let channels = kolo.channel_accounts().await?;
    let (accounts, figures) = (accounts(stack), Some(stack.meter.figures()));
    let now = stack.clock.now().unix();
    let chain =
        inspect::health(&stack.rpc, found, &accounts, figures, (&limits(stack), now)).await?;
    let following = kolo.following().await?;
    let dead_letters = kolo.dead_letters(MOST_LETTERS).await?.len();
    let unlisted = seen.unlisted(stack).await?;
    let mut advice = advice(&chain.alarms, &following, dead_letters);
    advice.extend(unlisted.iter().map(to_list));
    Ok(Report { ok: advice.is_empty(), advice, chain, channels, following, unlisted, dead_letters })
}

/// The network in this process closes a ledger when there is something to put in it: its last one may be old.
fn limits(stack: &Stack) -> Limits {
    let usual = Limits::default();
    match stack.network {
        Some(_) => Limits { ledger_age_s: u64::MAX, ..usual },
        None => usual,
    }
}

/// Those that pay: for fees, or others' reserves.
fn accounts(stack: &Stack) -> Vec<(String, ChainAddress)> {
    let (chain, operator) = (&stack.kolo.ports().chain, stack.kolo.operator());
    let own = |name: &str, key: &PublicKey| (name.to_owned(), chain.account_address(key));
    vec![
        own("sponsor", &operator.sponsor),
        own("fees", &operator.fees),
        own("keeper", &operator.keeper),
    ]
}

fn advice(alarms: &[Alarm], following: &Following, letters: usize) -> Vec<String> {
    let mut advice: Vec<_> = alarms.iter().map(|it| format!("{it} ({})", it.code())).collect();
    for gap in &following.gaps {
        let (from, to) = (gap.lost.from, gap.lost.to);
        if gap.filled_at.is_none() {
            advice.push(format!(
                "the nodes have lost ledgers {from} to {to}: they are being filled from state"
            ));
        }
        for circle in &gap.unread {
            advice.push(format!(
                "the circle {circle} could not be read after ledgers {from} to {to} were lost: look at it"
            ));
        }
    }
    if letters > 0 {
        advice.push(format!(
            "{letters} events wait for a handler that failed on them: mend it, then replay them"
        ));
    }
    advice
}

fn to_list(Unlisted { circle, asset }: &Unlisted) -> String {
    let asset = asset.key();
    format!("the circle {circle} saves in {asset}, which is not on the list of assets: put it back")
}

#[cfg(test)]
mod tests;
