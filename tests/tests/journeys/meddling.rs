//! Things that happen on the chain without us, and a log to read.
use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ed25519_dalek::{Signer, SigningKey};
use kolo_core::port::PortError;
use kolo_core::port::chain::{
    Assembled, ChainAddress, ChainClient, ChainCursor, ChainEffect, ChainEvents, CircleOnChain,
    Fate, FeeBump, LatestLedger, Mismatch, PrepareError, PreparedTx, SignedTx, Submission,
};
use kolo_core::port::vault::{Digest, PublicKey, Signature};
use kolo_core::view::MemberView;
use kolo_core::{Amount, Asset, Kolo, MemberId};
use kolo_localnet::root_secret;
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    AccountId, AlphaNum4, AssetCode4, ChangeTrustAsset, ChangeTrustOp, DecoratedSignature, Hash,
    LedgerEntryData, LedgerKey, LedgerKeyAccount, Limits, Memo, MuxedAccount, Operation,
    OperationBody, Preconditions, SequenceNumber, SignatureHint, Transaction, TransactionEnvelope,
    TransactionExt, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction,
    TransactionV1Envelope, Uint256, WriteXdr,
};
use tracing::subscriber::DefaultGuard;

use crate::world::World;

/// Brings an effect about with keys of the vault, as somebody would who has a wallet app.
pub async fn bring_about(kolo: &Kolo, effect: &ChainEffect) {
    let ports = kolo.ports();
    let tx = ports.chain.prepare(effect).await.unwrap();
    let sign = async |key: &PublicKey, payload: &[u8]| {
        ports.vault.sign(kolo.tenant(), key, Digest::Sha256, payload).await.unwrap()
    };
    let mut signatures = Vec::new();
    for key in &tx.signers {
        signatures.push((*key, sign(key, &tx.payload).await));
    }
    let signed = match ports.chain.assemble(&tx, &signatures).unwrap() {
        Assembled::Ready(signed) => signed,
        Assembled::NeedsFeeBump(bump) => {
            let signature = sign(&bump.signer, &bump.payload).await;
            ports.chain.finish(&bump, &signature).unwrap()
        }
    };
    assert!(matches!(ports.chain.submit(&signed).await.unwrap(), Submission::Accepted));
    assert!(matches!(ports.chain.look_up(&signed).await.unwrap(), Fate::Confirmed { .. }));
}

/// A payment out of a member's wallet, back to the issuer.
pub async fn away(kolo: &Kolo, member: MemberId, amount: Amount) -> ChainEffect {
    let issuer = kolo.operator().issuer.unwrap();
    ChainEffect::Pay {
        from: kolo.members().get(member).await.unwrap().address,
        to: kolo.ports().chain.account_address(&issuer),
        asset: kolo.asset().clone(),
        amount,
    }
}

/// A member sets, in another wallet app, how much their trustline may hold (minor units).
pub async fn limit_trustline(world: &World, who: &MemberView, limit: i64) {
    let root = SigningKey::from_bytes(&root_secret(world.stack.network.passphrase()));
    let account = world.stack.network.root_account();
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: account });
    let (found, _) = world.stack.network.entries(vec![key]).await.unwrap();
    let LedgerEntryData::Account(entry) = &found[0].entry.entry.data else { unreachable!() };
    let asset = world.kolo.asset();
    let asset_code = AssetCode4(asset.code.as_bytes().try_into().unwrap());
    let line = AlphaNum4 { asset_code, issuer: asset.issuer.parse().unwrap() };
    let owner: AccountId = who.address.0.parse().unwrap();
    let change = ChangeTrustOp { line: ChangeTrustAsset::CreditAlphanum4(line), limit };
    let operation = Operation {
        source_account: Some(owner.clone().into()),
        body: OperationBody::ChangeTrust(change),
    };
    let tx = Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(root.verifying_key().to_bytes())),
        fee: 1_000,
        seq_num: SequenceNumber(entry.seq_num.0 + 1),
        cond: Preconditions::None,
        memo: Memo::None,
        operations: vec![operation].try_into().unwrap(),
        ext: TransactionExt::V0,
    };
    let payload = TransactionSignaturePayload {
        network_id: Hash(world.stack.network.network_id()),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
    };
    let payload = payload.to_xdr(Limits::none()).unwrap();
    let stellar_xdr::PublicKey::PublicKeyTypeEd25519(Uint256(member)) = owner.0;
    let kolo = &world.kolo;
    let member_key = PublicKey(member);
    let vault = &kolo.ports().vault;
    let by_member = vault.sign(kolo.tenant(), &member_key, Digest::Sha256, &payload).await.unwrap();
    let by_root = root.sign(&Sha256::digest(&payload)).to_bytes();
    let signatures = [(member, by_member.0), (root.verifying_key().to_bytes(), by_root)];
    let signatures = signatures.map(|(key, signature)| DecoratedSignature {
        hint: SignatureHint([key[28], key[29], key[30], key[31]]),
        signature: stellar_xdr::Signature(signature.to_vec().try_into().unwrap()),
    });
    let signatures = signatures.to_vec().try_into().unwrap();
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures });
    let outcome = world.stack.network.send(envelope).await.unwrap();
    let hash = Sha256::digest(&payload).into();
    let record = world.stack.network.transaction(hash).await.unwrap();
    let record = record.unwrap_or_else(|| panic!("{outcome:?}"));
    assert!(format!("{:?}", record.result.result).starts_with("TxSuccess"), "{record:?}");
}

/// The chain, with something happening on it just before one of our transactions arrives.
pub struct Meddling {
    honest: Kolo,
    chain: Arc<dyn ChainClient>,
    next: Mutex<Option<ChainEffect>>,
    last: Mutex<String>,
}

impl Meddling {
    pub fn over(honest: &Kolo) -> Arc<Self> {
        let chain = honest.ports().chain.clone();
        let (next, last) = (Mutex::default(), Mutex::default());
        Arc::new(Self { honest: honest.clone(), chain, next, last })
    }

    /// This happens just before the next transaction is submitted.
    pub fn before_next_submit(&self, effect: ChainEffect) {
        *self.next.lock().unwrap() = Some(effect);
    }

    /// Hash of the envelope submitted last.
    pub fn last_submitted(&self) -> String {
        self.last.lock().unwrap().clone()
    }
}

#[async_trait]
impl ChainClient for Meddling {
    fn account_address(&self, key: &PublicKey) -> ChainAddress {
        self.chain.account_address(key)
    }

    fn asset_contract(&self, asset: &Asset) -> Result<[u8; 32], PortError> {
        self.chain.asset_contract(asset)
    }

    fn circle_address(
        &self,
        by: &ChainAddress,
        salt: &[u8; 32],
    ) -> Result<ChainAddress, PortError> {
        self.chain.circle_address(by, salt)
    }

    fn invitation_message(
        &self,
        circle: &ChainAddress,
        joiner: &ChainAddress,
    ) -> Result<Vec<u8>, PortError> {
        self.chain.invitation_message(circle, joiner)
    }

    async fn prepare(&self, effect: &ChainEffect) -> Result<PreparedTx, PrepareError> {
        self.chain.prepare(effect).await
    }

    fn verify(&self, effect: &ChainEffect, tx: &PreparedTx) -> Result<(), Mismatch> {
        self.chain.verify(effect, tx)
    }

    async fn authorise(
        &self,
        effect: &ChainEffect,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<PreparedTx, PrepareError> {
        self.chain.authorise(effect, tx, signatures).await
    }

    fn assemble(
        &self,
        tx: &PreparedTx,
        signatures: &[(PublicKey, Signature)],
    ) -> Result<Assembled, PortError> {
        self.chain.assemble(tx, signatures)
    }

    fn finish(&self, bump: &FeeBump, signature: &Signature) -> Result<SignedTx, PortError> {
        self.chain.finish(bump, signature)
    }

    fn bump_again(&self, tx: &SignedTx) -> Result<FeeBump, PortError> {
        self.chain.bump_again(tx)
    }

    async fn submit(&self, tx: &SignedTx) -> Result<Submission, PortError> {
        let next = self.next.lock().unwrap().take();
        if let Some(effect) = next {
            bring_about(&self.honest, &effect).await;
        }
        *self.last.lock().unwrap() = tx.hash.clone();
        self.chain.submit(tx).await
    }

    async fn look_up(&self, tx: &SignedTx) -> Result<Fate, PortError> {
        self.chain.look_up(tx).await
    }

    async fn events_after(
        &self,
        cursor: Option<&ChainCursor>,
        limit: usize,
    ) -> Result<ChainEvents, PortError> {
        self.chain.events_after(cursor, limit).await
    }

    async fn latest(&self) -> Result<LatestLedger, PortError> {
        self.chain.latest().await
    }

    async fn balance(&self, address: &ChainAddress, asset: &Asset) -> Result<Amount, PortError> {
        self.chain.balance(address, asset).await
    }

    async fn circle(
        &self,
        circle: &ChainAddress,
        asset: &Asset,
    ) -> Result<Option<CircleOnChain>, PortError> {
        self.chain.circle(circle, asset).await
    }
}

/// What this thread logs.
#[derive(Clone, Default)]
pub struct Log {
    text: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    pub fn listen(&self) -> DefaultGuard {
        let log = self.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.text.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
