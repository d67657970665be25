//! Things that happen on the chain without us, and a log to read.
use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ed25519_dalek::{Signer, SigningKey};
use kolo_core::port::PortError;
use kolo_core::port::chain::{
    Assembled, BalancesOnChain, ChainAddress, ChainClient, ChainCursor, ChainEffect, ChainEvents,
    CircleOnChain, Fate, FeeBump, LatestLedger, Mismatch, PrepareError, PreparedTx, SignedTx,
    Submission,
};
use kolo_core::port::vault::{Digest, PublicKey, Signature};
use kolo_core::view::MemberView;
use kolo_core::{Amount, Asset, Kolo, MemberId, Timestamp};
use kolo_localnet::{AuthMode, Localnet, SimulateOptions, root_secret};
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    AccountId, AlphaNum4, AssetCode4, ChangeTrustAsset, ChangeTrustOp, ContractId,
    DecoratedSignature, Hash, HostFunction, InvokeContractArgs, InvokeHostFunctionOp,
    LedgerEntryData, LedgerKey, LedgerKeyAccount, Limits, Memo, MuxedAccount, Operation,
    OperationBody, Preconditions, ScAddress, ScVal, SequenceNumber, SetOptionsOp, SignatureHint,
    Transaction, TransactionEnvelope, TransactionExt, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope, Uint256, VecM, WriteXdr,
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
    let asset = world.kolo.asset();
    let asset_code = AssetCode4(asset.code.as_bytes().try_into().unwrap());
    let line = AlphaNum4 { asset_code, issuer: asset.issuer.parse().unwrap() };
    let change = ChangeTrustOp { line: ChangeTrustAsset::CreditAlphanum4(line), limit };
    operate(world, &who.address, OperationBody::ChangeTrust(change)).await;
}

/// The issuer reserves the right to take back what it issues from now on.
pub async fn allow_clawbacks(world: &World) {
    const REVOCABLE_AND_CLAWBACK: u32 = 2 | 8;
    let options = SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: Some(REVOCABLE_AND_CLAWBACK),
        master_weight: None,
        low_threshold: None,
        med_threshold: None,
        high_threshold: None,
        home_domain: None,
        signer: None,
    };
    operate(world, &issuer(world), OperationBody::SetOptions(options)).await;
}

/// The issuer takes so much (minor units) out of a circle's vault.
pub async fn claw_back(world: &World, vault: &ChainAddress, amount: i64) {
    let args = vec![contract(vault), ScVal::from(i128::from(amount))];
    token(world, &issuer(world), "clawback", args).await;
}

/// Somebody sends so much (minor units) to a circle's vault, in another wallet app.
pub async fn gift(world: &World, from: &MemberView, vault: &ChainAddress, amount: i64) {
    let owner = ScVal::Address(ScAddress::Account(from.address.0.parse().unwrap()));
    let args = vec![owner, contract(vault), ScVal::from(i128::from(amount))];
    token(world, &from.address, "transfer", args).await;
}

fn issuer(world: &World) -> ChainAddress {
    world.kolo.ports().chain.account_address(&world.kolo.operator().issuer.unwrap())
}

fn contract(address: &ChainAddress) -> ScVal {
    ScVal::Address(ScAddress::Contract(address.0.parse().unwrap()))
}

/// A call of the asset's contract.
async fn token(world: &World, by: &ChainAddress, function: &str, args: Vec<ScVal>) {
    let asset = world.kolo.ports().chain.asset_contract(world.kolo.asset()).unwrap();
    let call = InvokeContractArgs {
        contract_address: ScAddress::Contract(ContractId(Hash(asset))),
        function_name: function.try_into().unwrap(),
        args: args.try_into().unwrap(),
    };
    let host_function = HostFunction::InvokeContract(call);
    let call = InvokeHostFunctionOp { host_function, auth: VecM::default() };
    operate(world, by, OperationBody::InvokeHostFunction(call)).await;
}

/// An operation of an account whose key the vault has; the network's root account pays for it.
async fn operate(world: &World, owner: &ChainAddress, body: OperationBody) {
    let network = world.network();
    let root = SigningKey::from_bytes(&root_secret(network.passphrase()));
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: network.root_account() });
    let (found, _) = network.entries(vec![key]).await.unwrap();
    let LedgerEntryData::Account(entry) = &found[0].entry.entry.data else { unreachable!() };
    let owner: AccountId = owner.0.parse().unwrap();
    let operation = Operation { source_account: Some(owner.clone().into()), body };
    let mut tx = Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(root.verifying_key().to_bytes())),
        fee: 1_000,
        seq_num: SequenceNumber(entry.seq_num.0 + 1),
        cond: Preconditions::None,
        memo: Memo::None,
        operations: vec![operation].try_into().unwrap(),
        ext: TransactionExt::V0,
    };
    with_resources(network, &mut tx).await;
    let payload = TransactionSignaturePayload {
        network_id: Hash(network.network_id()),
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
    let outcome = network.send(envelope).await.unwrap();
    let hash = Sha256::digest(&payload).into();
    let record = network.transaction(hash).await.unwrap();
    let record = record.unwrap_or_else(|| panic!("{outcome:?}"));
    assert!(format!("{:?}", record.result.result).starts_with("TxSuccess"), "{record:?}");
}

/// What a call takes, and whose consent: the source's own.
async fn with_resources(network: &Localnet, tx: &mut Transaction) {
    let mut operation = tx.operations[0].clone();
    let OperationBody::InvokeHostFunction(call) = &mut operation.body else { return };
    let envelope = TransactionV1Envelope { tx: tx.clone(), signatures: VecM::default() };
    let options = SimulateOptions { auth: AuthMode::Record, ..SimulateOptions::default() };
    let found = network.simulate(TransactionEnvelope::Tx(envelope), options).await.unwrap();
    assert!(found.error.is_none(), "{found:?}");
    call.auth = found.auth.try_into().unwrap();
    let mut resources = found.transaction_data.unwrap();
    resources.resource_fee = found.min_resource_fee * 2;
    tx.fee += u32::try_from(resources.resource_fee).unwrap();
    tx.operations = vec![operation].try_into().unwrap();
    tx.ext = TransactionExt::V1(resources);
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

    fn assets(&self) -> Option<Vec<Asset>> {
        self.chain.assets()
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

    fn knows_code(&self, wasm: &[u8; 32]) -> bool {
        self.chain.knows_code(wasm)
    }

    fn invitation_message(
        &self,
        circle: &ChainAddress,
        joiner: &ChainAddress,
    ) -> Result<Vec<u8>, PortError> {
        self.chain.invitation_message(circle, joiner)
    }

    fn message_payload(&self, message: &[u8]) -> Result<Vec<u8>, PortError> {
        self.chain.message_payload(message)
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

    async fn lifetime(
        &self,
        circle: Option<&ChainAddress>,
        asset: &Asset,
    ) -> Result<Option<Timestamp>, PortError> {
        self.chain.lifetime(circle, asset).await
    }

    async fn balances(
        &self,
        addresses: &[ChainAddress],
        asset: &Asset,
    ) -> Result<BalancesOnChain, PortError> {
        self.chain.balances(addresses, asset).await
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
