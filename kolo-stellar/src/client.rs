//! The adapter itself: the port's methods, each where its room is.
use std::sync::Arc;

use async_trait::async_trait;
use kolo_core::port::chain::{
    Assembled, BalancesOnChain, ChainAddress, ChainClient, ChainCursor, ChainEffect, ChainEvents,
    CircleOnChain, Fate, FeeBump, LatestLedger, Mismatch, PrepareError, PreparedTx, SignedTx,
    Submission,
};
use kolo_core::port::vault::{PublicKey, Signature};
use kolo_core::port::{Clock, PortError};
use kolo_core::{Asset, Timestamp};
use kolo_rules::Amount;
use serde_json::Value;

use crate::address::{
    account_address, account_of, contract_address, contract_id, sc_address, to_xdr,
};
use crate::config::{Network, StellarConfig, known_asset};
use crate::events::filters;
use crate::lifetime::Rent;
use crate::protocol;
use crate::rpc::Rpc;
use crate::wallet;

/// What an invitation key's signature begins with, as in the contract.
const JOIN_DOMAIN: &[u8] = b"kolo:join:1";

/// Kolo's chain client for Stellar RPC. Holds no secret: others sign what it prepares.
#[derive(Clone)]
pub struct StellarChainClient {
    pub(crate) rpc: Rpc,
    pub(crate) network: Network,
    /// What is asked of `getEvents`, one after the other.
    pub(crate) filters: Vec<Value>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl StellarChainClient {
    /// A client of the network behind `rpc`. Asks nothing yet: see [`Self::connect`].
    ///
    /// # Errors
    /// When the configuration names no valid factory, asset or limit.
    pub fn try_new(rpc: Rpc, config: &StellarConfig) -> Result<Self, PortError> {
        let network = Network::try_new(config)?;
        Ok(Self { rpc, filters: filters(&network)?, network, clock: None })
    }

    /// With a clock beside the latest ledger's close time, whichever is later: a network that closes
    /// ledgers on demand may rest for hours, and what is prepared by its last ledger's time alone
    /// would be too late before it is sent.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// From when a transaction prepared now is valid, and when its validity is counted from.
    pub(crate) fn validity_from(&self, latest_closed_at: Timestamp) -> Timestamp {
        let clock = self.clock.as_ref().map(|clock| clock.now());
        clock.map_or(latest_closed_at, |now| now.max(latest_closed_at))
    }

    /// As [`Self::try_new`], and makes sure that the node is on the configured network.
    ///
    /// # Errors
    /// As [`Self::try_new`]; when the node does not answer; when it is on another network, or on a
    /// protocol this client was not made for ([`crate::UnknownProtocol`]).
    pub async fn connect(rpc: Rpc, config: &StellarConfig) -> Result<Self, PortError> {
        let client = Self::try_new(rpc, config)?;
        let network = client.rpc.network().await?;
        protocol::check(network.protocol_version)?;
        if network.passphrase == config.passphrase {
            Ok(client)
        } else {
            Err(crate::address::invalid(format!(
                "the node is on \"{}\", the configuration says \"{}\": correct one of them",
                network.passphrase, config.passphrase
            )))
        }
    }
}

#[async_trait]
impl ChainClient for StellarChainClient {
    fn account_address(&self, key: &PublicKey) -> ChainAddress {
        account_address(&account_of(key.0))
    }

    fn assets(&self) -> Option<Vec<Asset>> {
        Some(self.network.assets.iter().map(|known| known.asset.clone()).collect())
    }

    fn asset_contract(&self, asset: &Asset) -> Result<[u8; 32], PortError> {
        Ok(known_asset(self.network.id, asset)?.contract.0.0)
    }

    fn circle_address(
        &self,
        organiser: &ChainAddress,
        salt: &[u8; 32],
    ) -> Result<ChainAddress, PortError> {
        let id = self.network.circle_id(&sc_address(organiser)?, salt)?;
        Ok(contract_address(&id))
    }

    fn knows_code(&self, wasm: &[u8; 32]) -> bool {
        self.network.circle_codes.contains(wasm)
    }

    fn invitation_message(
        &self,
        circle: &ChainAddress,
        joiner: &ChainAddress,
    ) -> Result<Vec<u8>, PortError> {
        let mut message = JOIN_DOMAIN.to_vec();
        message.extend_from_slice(&contract_id(circle)?.0.0);
        message.extend_from_slice(&to_xdr(&sc_address(joiner)?)?);
        Ok(message)
    }

    fn message_payload(&self, message: &[u8]) -> Result<Vec<u8>, PortError> {
        wallet::message_payload(message)
    }

    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        self.build(effect).await
    }

    fn verify(&self, effect: &ChainEffect, tx: &PreparedTx) -> Result<(), Mismatch> {
        self.check(effect, tx)
    }

    async fn authorise(
        &self,
        effect: &ChainEffect,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<PreparedTx, PrepareError> {
        self.with_consents(effect, tx, signatures).await
    }

    fn assemble(
        &self,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError> {
        self.sign_inner(tx, signatures).map(Assembled::NeedsFeeBump)
    }

    fn finish(&self, bump: &FeeBump, signature: &Signature) -> Result<SignedTx, PortError> {
        self.sign_outer(bump, signature)
    }

    fn bump_again(&self, tx: &SignedTx) -> Result<FeeBump, PortError> {
        self.raise(tx)
    }

    async fn submit(&self, tx: &SignedTx) -> Result<Submission, PortError> {
        self.send(tx).await
    }

    async fn look_up(&self, tx: &SignedTx) -> Result<Fate, PortError> {
        self.fate(tx).await
    }

    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        self.follow(cursor, limit).await
    }

    async fn latest(&self) -> Result<LatestLedger, PortError> {
        self.latest_ledger().await
    }

    async fn balance(&self, address: &ChainAddress, asset: &Asset) -> Result<Amount, PortError> {
        self.balance_of(address, asset).await
    }

    async fn lifetime(
        &self,
        circle: Option<&ChainAddress>,
        asset: &Asset,
    ) -> Result<Option<Timestamp>, PortError> {
        self.ends_at(&Rent::of(&self.network, circle, asset)?).await
    }

    async fn balances(
        &self,
        addresses: &[ChainAddress],
        asset: &Asset,
    ) -> Result<BalancesOnChain, PortError> {
        self.balances_of(addresses, asset).await
    }

    async fn circle(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        self.circle_on_chain(circle, asset).await
    }
}
