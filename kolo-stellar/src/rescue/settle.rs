//! One transaction from the wish to its fate, signed by the keys at hand.
use std::time::Duration;

use futures_timer::Delay;
use kolo_core::port::chain::{
    Assembled, ChainEffect, Fate, FeeBump, PreparedTx, SignedTx, Submission,
};
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_core::port::{ChainClient, PortError, Retry};

use super::{Rescue, RescueError};
use crate::address::invalid;
use crate::client::StellarChainClient;

/// Looks for the fate, and what is waited between two: longer than a transaction is valid.
const LOOKS: u32 = 240;
const PAUSE: Duration = Duration::from_millis(1000);

/// An effect that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The transaction's hash, hex.
    pub hash: String,
    /// In which ledger.
    pub ledger: u32,
    /// What it cost, stroops of XLM.
    pub fee: i64,
}

impl Rescue {
    /// Asks the member, prepares, verifies, signs, sends, and stays until the fate is known: nothing is built a second
    /// time while the first may still be taken.
    pub(super) async fn settle(
        &self,
        client: &StellarChainClient,
        effect: &ChainEffect,
    ) -> Result<Settled, RescueError> {
        self.check_time(client.latest().await?.closed_at)?;
        if let Some(known) = client.network.assets.first() {
            self.confirm(effect, &known.asset)?;
        }
        let tx = client.prepare(effect).await?;
        client.verify(effect, &tx)?;
        let signatures = self.signatures(&tx)?;
        let bump = match client.assemble(&tx, &signatures)? {
            Assembled::NeedsFeeBump(bump) => bump,
            Assembled::Ready(signed) => return self.send(client, signed).await,
        };
        let signed = self.bumped(client, &bump)?;
        self.send(client, signed).await
    }

    fn signatures(&self, tx: &PreparedTx) -> Result<Vec<(PublicKey, Signature)>, PortError> {
        let by = |key: &PublicKey| {
            let found =
                [&self.key, self.payer()].into_iter().find(|at_hand| at_hand.public_key() == *key);
            let found = found.ok_or_else(|| invalid(format!("no key at hand for {key:?}")))?;
            Ok((*key, found.sign_payload(&tx.payload)))
        };
        tx.signers.iter().map(by).collect()
    }

    fn bumped(&self, client: &StellarChainClient, bump: &FeeBump) -> Result<SignedTx, PortError> {
        client.finish(bump, &self.payer().sign_payload(&bump.payload))
    }

    async fn send(
        &self,
        client: &StellarChainClient,
        mut signed: SignedTx,
    ) -> Result<Settled, RescueError> {
        let mut sent = false;
        for look in 0..LOOKS {
            if look > 0 {
                Delay::new(PAUSE).await;
            }
            if !sent {
                match client.submit(&signed).await {
                    Ok(Submission::Accepted) => sent = true,
                    Ok(Submission::Refused(refused)) => return Err(RescueError::Refused(refused)),
                    Ok(Submission::InsufficientFee) => {
                        let bump = client.bump_again(&signed)?;
                        signed = self.bumped(client, &bump)?;
                    }
                    // Too late, a used sequence number, another look: its fate tells.
                    Ok(_) => {}
                    Err(error) if error.retry == Retry::Permanent => return Err(error.into()),
                    Err(_) => {}
                }
            }
            if let Some(settled) = fate(client, &signed).await? {
                return Ok(settled);
            }
        }
        Err(RescueError::Unknown { hash: signed.prepared.hash })
    }
}

/// `None`: not decided yet.
async fn fate(
    client: &StellarChainClient,
    signed: &SignedTx,
) -> Result<Option<Settled>, RescueError> {
    let hash = signed.prepared.hash.clone();
    match client.look_up(signed).await {
        Ok(Fate::Confirmed { ledger, fee, .. }) => Ok(Some(Settled { hash, ledger, fee })),
        Ok(Fate::Failed { refused, .. }) => Err(RescueError::Refused(refused)),
        Ok(Fate::NotFound { latest_closed_at, history_covers, .. })
            if latest_closed_at > signed.prepared.max_time =>
        {
            Err(if history_covers {
                RescueError::Expired { hash }
            } else {
                RescueError::Unknown { hash }
            })
        }
        Err(error) if error.retry == Retry::Permanent => Err(error.into()),
        Ok(_) | Err(_) => Ok(None),
    }
}
