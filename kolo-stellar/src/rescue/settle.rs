//! One transaction from the wish to its fate, signed by the keys at hand.
use std::time::Duration;

use futures_timer::Delay;
use kolo_core::port::chain::{
    Assembled, ChainEffect, Fate, FeeBump, PreparedTx, Refused, SignedTx, Submission,
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

    /// No answer to the sending ends it: the bytes are good until their time is over, whoever has them.
    async fn send(
        &self,
        client: &StellarChainClient,
        mut signed: SignedTx,
    ) -> Result<Settled, RescueError> {
        let (mut sent, mut trouble) = (false, None);
        for look in 0..LOOKS {
            if look > 0 {
                Delay::new(PAUSE).await;
            }
            if !sent {
                match client.submit(&signed).await {
                    Ok(Submission::Accepted) => sent = true,
                    Ok(Submission::Refused(refused)) => {
                        trouble = Some(RescueError::Refused(refused));
                    }
                    Ok(Submission::InsufficientFee) => match client.bump_again(&signed) {
                        Ok(bump) => signed = self.bumped(client, &bump)?,
                        Err(error) => (sent, trouble) = (true, Some(error.into())),
                    },
                    Err(error) if error.retry == Retry::Permanent => {
                        trouble = Some(error.into());
                    }
                    // Too late, a used sequence number, another look: its fate tells.
                    Ok(_) | Err(_) => {}
                }
            }
            match self.told(client, &signed).await {
                Told::Settled(settled) => return Ok(settled),
                Told::Failed(refused) => return Err(RescueError::Refused(refused)),
                Told::Never => {
                    let hash = signed.prepared.hash;
                    return Err(trouble.unwrap_or(RescueError::Expired { hash }));
                }
                Told::Nothing => {}
            }
        }
        Err(RescueError::Unknown { hash: signed.prepared.hash })
    }

    /// That it had no effect must be said by the witnesses too: it would be sought anew, and have it twice.
    async fn told(&self, client: &StellarChainClient, signed: &SignedTx) -> Told {
        let first = told_by(client, signed).await;
        if matches!(first, Told::Settled(_) | Told::Nothing) {
            return first;
        }
        for witness in &self.witnesses {
            let witness = StellarChainClient { rpc: witness.clone(), ..client.clone() };
            match (told_by(&witness, signed).await, &first) {
                (Told::Settled(settled), _) => return Told::Settled(settled),
                (Told::Failed(_), Told::Failed(_)) | (Told::Never, Told::Never) => {}
                _ => return Told::Nothing,
            }
        }
        first
    }
}

/// What nodes say of a transaction.
enum Told {
    Settled(Settled),
    /// It was applied, and had no effect.
    Failed(Refused),
    /// It was not applied and cannot be any more.
    Never,
    /// Not decided yet.
    Nothing,
}

async fn told_by(client: &StellarChainClient, signed: &SignedTx) -> Told {
    let tx = &signed.prepared;
    match client.look_up(signed).await {
        Ok(Fate::Confirmed { ledger, fee, .. }) => {
            Told::Settled(Settled { hash: tx.hash.clone(), ledger, fee })
        }
        Ok(Fate::Failed { refused, .. }) => Told::Failed(refused),
        Ok(Fate::NotFound { latest_closed_at, history_covers, source_sequence, .. })
            if latest_closed_at > tx.max_time
                && (history_covers || source_sequence.is_some_and(|used| used < tx.sequence)) =>
        {
            Told::Never
        }
        Ok(_) | Err(_) => Told::Nothing,
    }
}
