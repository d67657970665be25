//! Others' consents to a transaction: signed apart from it, good by themselves until their last ledger.
//!
//! Whoever has such a consent, a node that simulates with it first of all, could use it until then. So one
//! is stored before it is signed, and used again by every later attempt; another is asked for only when the
//! first is over. How long it is good counts from what a node says is the latest ledger: that is held against
//! the ledger of the latest event we applied and the time since.
use super::process::Next;
use super::state::{Intent, Progress};
use crate::port::chain::{
    Authorisation, ChainEffect, LatestLedger, PrepareError, PreparedTx, TooFarAhead,
};
use crate::port::vault::{PublicKey, Signature};
use crate::port::work::ClaimedWork;
use crate::port::{PortError, PortErrorKind, Retry};
use crate::record::Loaded;
use crate::{Error, Kolo, Timestamp};

/// Ledgers a consent may be good for, at most: an hour at the public network's pace.
const MOST_LEDGERS: u32 = 720;

/// No ledger closes faster than this, seconds: more than twice the public network's pace.
const FASTEST_S: u64 = 2;

/// Ledgers beyond that: clocks differ, and a test network closes one for each transaction.
const SPARE_LEDGERS: u32 = 120;

/// The time since the latest event counts up to this, seconds (30 days): longer nothing was followed.
const LONGEST_SINCE_S: u64 = 30 * 86_400;

/// So often a consent waits for the first event that we know the ledger of (an hour): an older version did
/// not keep it. Longer than that the account is not kept from what it can do.
const ATTEMPTS_UNSEEN: u32 = 120;

impl Kolo {
    /// Queued → consenting: nothing is signed before what it is for is stored.
    pub(super) async fn begin_consent(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        effect: &ChainEffect,
        prepared: PreparedTx,
    ) -> Result<Next, Error> {
        if let Err(error) = self.checked(&intent.state, effect, &prepared) {
            return self.unsent(work, intent, error).await;
        }
        let seen = self.seen_ledger().await?;
        if seen.is_none() && work.attempts < ATTEMPTS_UNSEEN {
            let why =
                "no event has been followed that says how far the chain is: the next one will";
            let error = PortError::new(PortErrorKind::Unavailable, Retry::Temporary, why);
            return self.unsent(work, intent, error).await;
        }
        let now = self.now();
        for consent in &prepared.authorisations {
            if let Err(ahead) = is_short(consent, seen, now) {
                tracing::error!(intent = %intent.state.id, error = %ahead, "refused to sign");
                let error =
                    PortError::new(PortErrorKind::Denied, Retry::Permanent, ahead.to_string());
                return self.unsent(work, intent, error.because(ahead)).await;
            }
        }
        self.persist(intent, Progress::Consenting(Box::new(prepared)), None).await
    }

    /// Consenting → persisted: the same consents as at any attempt before, then the transaction's own
    /// signatures.
    pub(super) async fn have_consented(
        &self,
        work: &ClaimedWork,
        intent: Loaded<Intent>,
        effect: &ChainEffect,
        prepared: &PreparedTx,
    ) -> Result<Next, Error> {
        if self.now() > prepared.max_time {
            // It was never sent: all that may be left of it are the consents.
            let latest = match self.ports().chain.latest().await {
                Ok(latest) => latest,
                Err(error) => return self.unsent(work, intent, error).await,
            };
            let over = latest.closed_at > prepared.max_time
                && self.are_over(prepared, latest.sequence).await?;
            return if over {
                self.rebuild(work, intent, prepared, false).await
            } else {
                Ok(Next::Wait)
            };
        }
        match self.authorised(&intent.state, effect, prepared).await {
            Ok(authorised) => self.seal(work, intent, effect, &authorised, None).await,
            Err(error) => self.unprepared(work, intent, error).await,
        }
    }

    /// Has the consents signed (the same bytes have the same signature), each checked against the effect.
    async fn authorised(
        &self,
        intent: &Intent,
        effect: &ChainEffect,
        prepared: &PreparedTx,
    ) -> Result<PreparedTx, PrepareError> {
        self.checked(intent, effect, prepared)?;
        let mut signatures: Vec<(PublicKey, Signature)> = Vec::new();
        for wanted in &prepared.authorisations {
            let signature = self.signature(&wanted.signer, &wanted.payload).await?;
            signatures.push((wanted.signer, signature));
        }
        self.ports().chain.authorise(effect, prepared, &signatures).await
    }

    /// Whether no consent to it can be used any more, the latest ledger being this one; a ledger that is
    /// not plausible proves nothing.
    pub(super) async fn are_over(&self, prepared: &PreparedTx, latest: u32) -> Result<bool, Error> {
        let Some(until) = prepared.authorisations.iter().map(|consent| consent.until_ledger).max()
        else {
            return Ok(true);
        };
        let plausible = self.seen_ledger().await?.map(|seen| plausible(seen, self.now()));
        Ok(latest > until && plausible.is_some_and(|plausible| latest <= plausible))
    }
}

/// The furthest the chain can be now, by the latest event we know of.
fn plausible(seen: LatestLedger, now: Timestamp) -> u32 {
    let since_s = now.unix().saturating_sub(seen.closed_at.unix()).min(LONGEST_SINCE_S);
    let ledgers = u32::try_from(since_s / FASTEST_S).unwrap_or(u32::MAX);
    seen.sequence.saturating_add(ledgers).saturating_add(SPARE_LEDGERS)
}

/// Whether a consent is good for a short while only, by what we know and not by what the node says.
fn is_short(
    consent: &Authorisation,
    seen: Option<LatestLedger>,
    now: Timestamp,
) -> Result<(), TooFarAhead> {
    let until = consent.until_ledger;
    // Without any event there is no circle either.
    let plausible = seen.map_or(0, |seen| plausible(seen, now)).saturating_add(MOST_LEDGERS);
    let short = until.saturating_sub(consent.since_ledger) <= MOST_LEDGERS;
    if short && until <= plausible { Ok(()) } else { Err(TooFarAhead { until, plausible }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_counts_from_a_ledger_that_can_be() {
        let now = Timestamp::from_unix(1_000_000);
        let seen = |ago_s| {
            let closed_at = Timestamp::from_unix(now.unix() - ago_s);
            Some(LatestLedger { sequence: 10_000, closed_at })
        };
        // (latest event so long ago, from, until) → good. 720 ledgers at most; from 10,000 + 120 + one
        // for every two seconds since.
        let cases = [
            (Some(0), 10_000, 10_072, true),
            (Some(0), 10_120, 10_840, true),
            (Some(0), 10_121, 10_841, false),
            (Some(0), 10_000, 10_721, false),
            (Some(0), 4_000_000, 4_000_072, false),
            (Some(200), 10_220, 10_940, true),
            (Some(200), 10_221, 10_941, false),
            // Behind what we know: good for less.
            (Some(0), 9_000, 9_720, true),
            (None, 10_000, 10_072, false),
        ];
        for (ago_s, since_ledger, until_ledger, good) in cases {
            let consent = Authorisation {
                signer: PublicKey([1; 32]),
                payload: Vec::new(),
                since_ledger,
                until_ledger,
            };
            let found = is_short(&consent, ago_s.and_then(seen), now);
            assert_eq!(found.is_ok(), good, "{ago_s:?} {since_ledger} {until_ledger}: {found:?}");
        }
        let long_ago = LatestLedger { sequence: 10_000, closed_at: Timestamp::from_unix(0) };
        let later = Timestamp::from_unix(100 * 86_400);
        assert_eq!(plausible(long_ago, later), 10_000 + 30 * 43_200 + 120);
    }
}
