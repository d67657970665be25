//! A network under test, whose invariants are checked when the test ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ed25519_dalek::{Signer, SigningKey};
use kolo_localnet::{
    EventQuery, EventRecord, LedgerStore, Localnet, NetworkSettings, SendOutcome, SimulateOptions,
    Simulation, Snapshot, TOTAL_COINS, TxRecord, root_secret,
};
use sha2::{Digest, Sha256};
use stellar_xdr::*;

use crate::kept::Kept;

/// 2026-01-01.
pub const START: u64 = 1_767_225_600;
/// One XLM in stroops.
pub const XLM: i64 = 10_000_000;

/// A network with a clock that is set by hand.
pub struct Net {
    pub localnet: Localnet,
    clock: Arc<AtomicU64>,
    kept: Kept,
}

/// A key pair made from a name.
#[derive(Clone)]
pub struct Key(pub SigningKey);

impl Key {
    pub fn new(name: &str) -> Self {
        Self(SigningKey::from_bytes(&Sha256::digest(name.as_bytes()).into()))
    }

    pub fn bytes(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub fn id(&self) -> AccountId {
        AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(self.bytes())))
    }

    pub fn muxed(&self) -> MuxedAccount {
        MuxedAccount::Ed25519(Uint256(self.bytes()))
    }

    pub fn address(&self) -> ScVal {
        ScVal::Address(ScAddress::Account(self.id()))
    }

    pub fn sign(&self, hash: &[u8; 32]) -> DecoratedSignature {
        let [.., a, b, c, d] = self.bytes();
        DecoratedSignature {
            hint: SignatureHint([a, b, c, d]),
            signature: Signature(self.0.sign(hash).to_bytes().to_vec().try_into().unwrap()),
        }
    }
}

impl Net {
    pub fn new() -> Self {
        Self::with_settings(NetworkSettings::default())
    }

    pub fn with_settings(settings: NetworkSettings) -> Self {
        Self::open(settings, Kept::default())
    }

    /// The network that is in the store, or a new one.
    pub fn open(settings: NetworkSettings, kept: Kept) -> Self {
        let clock = Arc::new(AtomicU64::new(START));
        let time = Arc::clone(&clock);
        let localnet = Localnet::builder()
            .clock(Arc::new(move || time.load(Ordering::SeqCst)))
            .store(Box::new(kept.clone()))
            .settings(settings)
            .start()
            .unwrap();
        Self { localnet, clock, kept }
    }

    pub fn set_time(&self, time: u64) {
        self.clock.store(time, Ordering::SeqCst);
    }

    pub fn root(&self) -> Key {
        Key(SigningKey::from_bytes(&root_secret(self.localnet.passphrase())))
    }

    pub fn fund(&self, name: &str, xlm: i64) -> Key {
        let key = Key::new(name);
        self.localnet.fund(key.id(), xlm * XLM).wait().unwrap();
        key
    }

    pub fn account(&self, key: &Key) -> Option<AccountEntry> {
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: key.id() });
        match self.entry(key)?.data {
            LedgerEntryData::Account(account) => Some(account),
            _ => None,
        }
    }

    pub fn balance(&self, key: &Key) -> i64 {
        self.account(key).unwrap().balance
    }

    pub fn line(&self, key: &Key, asset: &Asset) -> Option<TrustLineEntry> {
        let asset = match asset {
            Asset::Native => TrustLineAsset::Native,
            Asset::CreditAlphanum4(asset) => TrustLineAsset::CreditAlphanum4(asset.clone()),
            Asset::CreditAlphanum12(asset) => TrustLineAsset::CreditAlphanum12(asset.clone()),
        };
        let key = LedgerKey::Trustline(LedgerKeyTrustLine { account_id: key.id(), asset });
        match self.entry(key)?.data {
            LedgerEntryData::Trustline(line) => Some(line),
            _ => None,
        }
    }

    pub fn entry(&self, key: LedgerKey) -> Option<LedgerEntry> {
        let (found, _) = self.localnet.entries(vec![key]).wait().unwrap();
        found.into_iter().next().map(|found| found.entry.entry)
    }

    pub fn live_until(&self, key: LedgerKey) -> Option<u32> {
        let (found, _) = self.localnet.entries(vec![key]).wait().unwrap();
        found.into_iter().next().and_then(|found| found.entry.live_until)
    }

    pub fn fee_pool(&self) -> i64 {
        self.localnet.latest().wait().unwrap().header.header.fee_pool
    }

    /// A transaction of `source` with its next sequence number and 100 stroops per operation.
    pub fn tx(&self, source: &Key, operations: Vec<Operation>) -> Transaction {
        let seq = self.account(source).map_or(0, |account| account.seq_num.0);
        Transaction {
            source_account: source.muxed(),
            fee: 100 * u32::try_from(operations.len()).unwrap(),
            seq_num: SequenceNumber(seq + 1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: operations.try_into().unwrap(),
            ext: TransactionExt::V0,
        }
    }

    pub fn sign(&self, tx: Transaction, signers: &[&Key]) -> TransactionEnvelope {
        let hash = tx.hash(self.localnet.network_id()).unwrap();
        let signatures: Vec<_> = signers.iter().map(|key| key.sign(&hash)).collect();
        TransactionEnvelope::Tx(TransactionV1Envelope {
            tx,
            signatures: signatures.try_into().unwrap(),
        })
    }

    pub fn bump(&self, payer: &Key, fee: i64, inner: TransactionEnvelope) -> TransactionEnvelope {
        let TransactionEnvelope::Tx(inner) = inner else { panic!("not a transaction") };
        let tx = FeeBumpTransaction {
            fee_source: payer.muxed(),
            fee,
            inner_tx: FeeBumpTransactionInnerTx::Tx(inner),
            ext: FeeBumpTransactionExt::V0,
        };
        let hash = tx.hash(self.localnet.network_id()).unwrap();
        let signatures = vec![payer.sign(&hash)].try_into().unwrap();
        TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures })
    }

    /// Builds, signs with `signers` and sends.
    pub fn run(&self, source: &Key, operations: Vec<Operation>, signers: &[&Key]) -> SendOutcome {
        self.send(self.sign(self.tx(source, operations), signers))
    }

    pub fn send(&self, envelope: TransactionEnvelope) -> SendOutcome {
        self.localnet.send(envelope).wait().unwrap()
    }

    pub fn record(&self, outcome: &SendOutcome) -> TxRecord {
        assert!(matches!(outcome, SendOutcome::Pending(_)), "not accepted: {outcome:?}");
        self.localnet.transaction(outcome.hash().0).wait().unwrap().expect("in a ledger")
    }

    /// Sends what must succeed.
    pub fn succeed(&self, source: &Key, operations: Vec<Operation>, signers: &[&Key]) -> TxRecord {
        let record = self.record(&self.run(source, operations, signers));
        assert!(record.is_successful(), "failed: {:?}", record.result.result);
        record
    }

    /// Sends what must get into a ledger and fail there; gives the operations' results.
    pub fn fail(
        &self,
        source: &Key,
        operations: Vec<Operation>,
        signers: &[&Key],
    ) -> Vec<OperationResult> {
        let record = self.record(&self.run(source, operations, signers));
        match record.result.result {
            TransactionResultResult::TxFailed(results) => results.to_vec(),
            other => panic!("did not fail: {other:?}"),
        }
    }

    /// Sends what must not be accepted.
    pub fn refuse(
        &self,
        source: &Key,
        operations: Vec<Operation>,
        signers: &[&Key],
    ) -> TransactionResultResult {
        refusal(self.run(source, operations, signers))
    }

    pub fn simulate(&self, tx: &Transaction) -> Simulation {
        self.simulate_with(tx, SimulateOptions::default())
    }

    pub fn simulate_with(&self, tx: &Transaction, options: SimulateOptions) -> Simulation {
        let envelope = TransactionEnvelope::from(tx.clone());
        self.localnet.simulate(envelope, options).wait().unwrap()
    }

    /// Simulates, fills the transaction in, signs and sends.
    pub fn soroban(&self, source: &Key, body: OperationBody) -> TxRecord {
        let tx = self.assemble(source, body);
        self.record(&self.send(self.sign(tx, &[source])))
    }

    pub fn assemble(&self, source: &Key, body: OperationBody) -> Transaction {
        let tx = self.tx(source, vec![op(body)]);
        let simulation = self.simulate(&tx);
        assert_eq!(simulation.error, None);
        fill(tx, &simulation)
    }

    pub fn events(&self) -> Vec<EventRecord> {
        let query =
            EventQuery { start_ledger: 1, end_ledger: u32::MAX, after: None, limit: usize::MAX };
        self.localnet.events(query).wait().unwrap()
    }
}

/// Puts what a simulation found into the transaction.
pub fn fill(mut tx: Transaction, simulation: &Simulation) -> Transaction {
    let fee = u32::try_from(simulation.min_resource_fee).unwrap();
    tx.fee = 100 + fee;
    tx.ext = TransactionExt::V1(simulation.transaction_data.clone().unwrap());
    let mut operations = tx.operations.to_vec();
    if let OperationBody::InvokeHostFunction(invoke) = &mut operations[0].body {
        invoke.auth = simulation.auth.clone().try_into().unwrap();
    }
    tx.operations = operations.try_into().unwrap();
    tx
}

pub fn refusal(outcome: SendOutcome) -> TransactionResultResult {
    match outcome {
        SendOutcome::Error { result, .. } => result.result,
        other => panic!("was not refused: {other:?}"),
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let store = &mut self.kept.0.lock().unwrap();
        let snapshot = store.load().unwrap().unwrap();
        check_state(&snapshot);
        check_chain(&store.ledgers(1..=u32::MAX, usize::MAX).unwrap());
    }
}

/// No coin is lost or made, and what accounts count is what there is.
fn check_state(snapshot: &Snapshot) {
    let mut coins = snapshot.header.header.fee_pool;
    let (mut sponsoring, mut sponsored) = (0, 0);
    for (_, stored) in &snapshot.entries {
        let sponsors = match &stored.entry.ext {
            LedgerEntryExt::V1(ext) => u32::from(ext.sponsoring_id.0.is_some()),
            LedgerEntryExt::V0 => 0,
        };
        match &stored.entry.data {
            LedgerEntryData::Account(account) => {
                coins += account.balance;
                sponsored += 2 * sponsors;
                let (by, of, signers) = sponsorships(account);
                sponsoring += by;
                sponsored += signers;
                assert_eq!(account.num_sub_entries, subentries(snapshot, account));
                assert_eq!(of, sponsored_entries(snapshot, account) + 2 * sponsors + signers);
            }
            LedgerEntryData::Trustline(_) | LedgerEntryData::Data(_) => sponsored += sponsors,
            LedgerEntryData::ClaimableBalance(balance) => {
                assert_eq!(sponsors, 1, "somebody carries a claimable balance");
                sponsored += u32::try_from(balance.claimants.len()).unwrap();
                coins += if balance.asset == Asset::Native { balance.amount } else { 0 };
            }
            LedgerEntryData::ContractData(data) => coins += lumens_of_contract(snapshot, data),
            _ => {}
        }
    }
    assert_eq!(coins, TOTAL_COINS, "coins were lost or made");
    assert_eq!(sponsoring, sponsored, "sponsors carry other reserves than are sponsored");
}

/// What a contract holds in lumens: an entry `[Balance, holder]` of the native asset's contract.
fn lumens_of_contract(snapshot: &Snapshot, data: &ContractDataEntry) -> i64 {
    let preimage = HashIdPreimage::ContractId(HashIdPreimageContractId {
        network_id: Hash(Sha256::digest(&snapshot.passphrase).into()),
        contract_id_preimage: ContractIdPreimage::Asset(Asset::Native),
    });
    let id = Sha256::digest(preimage.to_xdr(Limits::none()).unwrap()).into();
    let native = data.contract == ScAddress::Contract(ContractId(Hash(id)));
    let (true, ScVal::Map(Some(map))) = (native, &data.val) else {
        return 0;
    };
    match &map.0[0].val {
        ScVal::I128(amount) => i64::try_from(amount.lo).unwrap(),
        other => panic!("no amount: {other:?}"),
    }
}

/// (sponsoring, sponsored, sponsored signers) of an account.
fn sponsorships(account: &AccountEntry) -> (u32, u32, u32) {
    let AccountEntryExt::V1(v1) = &account.ext else {
        return (0, 0, 0);
    };
    let AccountEntryExtensionV1Ext::V2(v2) = &v1.ext else {
        return (0, 0, 0);
    };
    assert_eq!(v2.signer_sponsoring_i_ds.len(), account.signers.len());
    let signers = v2.signer_sponsoring_i_ds.iter().filter(|sponsor| sponsor.0.is_some()).count();
    (v2.num_sponsoring, v2.num_sponsored, u32::try_from(signers).unwrap())
}

fn owned<'s>(
    snapshot: &'s Snapshot,
    account: &'s AccountEntry,
) -> impl Iterator<Item = &'s LedgerEntry> {
    snapshot.entries.iter().map(|(_, stored)| &stored.entry).filter(|entry| match &entry.data {
        LedgerEntryData::Trustline(line) => line.account_id == account.account_id,
        LedgerEntryData::Data(data) => data.account_id == account.account_id,
        _ => false,
    })
}

fn subentries(snapshot: &Snapshot, account: &AccountEntry) -> u32 {
    u32::try_from(owned(snapshot, account).count() + account.signers.len()).unwrap()
}

fn sponsored_entries(snapshot: &Snapshot, account: &AccountEntry) -> u32 {
    let sponsored = owned(snapshot, account)
        .filter(|entry| matches!(&entry.ext, LedgerEntryExt::V1(e) if e.sponsoring_id.0.is_some()));
    u32::try_from(sponsored.count()).unwrap()
}

/// Every header's hash is its own, and the next header names it.
fn check_chain(headers: &[LedgerHeaderHistoryEntry]) {
    for pair in headers.windows(2) {
        let [before, after] = pair else { unreachable!() };
        let hash: [u8; 32] = Sha256::digest(before.header.to_xdr(Limits::none()).unwrap()).into();
        assert_eq!(before.hash.0, hash);
        assert_eq!(after.header.previous_ledger_hash, before.hash);
        assert!(after.header.ledger_seq > before.header.ledger_seq);
        assert!(after.header.scp_value.close_time >= before.header.scp_value.close_time);
    }
}

pub fn op(body: OperationBody) -> Operation {
    Operation { source_account: None, body }
}

pub fn op_of(source: &Key, body: OperationBody) -> Operation {
    Operation { source_account: Some(source.muxed()), body }
}

pub fn create(destination: &Key, starting_balance: i64) -> OperationBody {
    OperationBody::CreateAccount(CreateAccountOp {
        destination: destination.id(),
        starting_balance,
    })
}

pub fn pay(destination: &Key, asset: &Asset, amount: i64) -> OperationBody {
    OperationBody::Payment(PaymentOp {
        destination: destination.muxed(),
        asset: asset.clone(),
        amount,
    })
}

pub fn trust(asset: &Asset, limit: i64) -> OperationBody {
    let line = match asset {
        Asset::Native => ChangeTrustAsset::Native,
        Asset::CreditAlphanum4(asset) => ChangeTrustAsset::CreditAlphanum4(asset.clone()),
        Asset::CreditAlphanum12(asset) => ChangeTrustAsset::CreditAlphanum12(asset.clone()),
    };
    OperationBody::ChangeTrust(ChangeTrustOp { line, limit })
}

pub fn begin_sponsoring(account: &Key) -> OperationBody {
    OperationBody::BeginSponsoringFutureReserves(BeginSponsoringFutureReservesOp {
        sponsored_id: account.id(),
    })
}

pub fn no_options() -> SetOptionsOp {
    SetOptionsOp {
        inflation_dest: None,
        clear_flags: None,
        set_flags: None,
        master_weight: None,
        low_threshold: None,
        med_threshold: None,
        high_threshold: None,
        home_domain: None,
        signer: None,
    }
}

pub fn usdc(issuer: &Key) -> Asset {
    Asset::CreditAlphanum4(AlphaNum4 { asset_code: AssetCode4(*b"USDC"), issuer: issuer.id() })
}
