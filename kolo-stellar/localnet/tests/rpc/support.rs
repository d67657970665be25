//! People with keys, envelopes, and a network to send them to.

use std::sync::Arc;

use ed25519_dalek::{Signer, SigningKey};
use kolo_localnet::Localnet;
use kolo_localnet::store::MemoryStore;
use serde_json::{Value, json};
use stellar_xdr::{
    AccountEntry, AccountId, Asset, CreateAccountOp, DecoratedSignature, FeeBumpTransaction,
    FeeBumpTransactionEnvelope, FeeBumpTransactionExt, FeeBumpTransactionInnerTx, LedgerEntryData,
    LedgerKey, LedgerKeyAccount, Limits, Memo, MuxedAccount, Operation, OperationBody, PaymentOp,
    Preconditions, PublicKey, ReadXdr, SequenceNumber, SignatureHint, SorobanTransactionData,
    Transaction, TransactionEnvelope, TransactionExt, TransactionV1Envelope, Uint256, VecM,
    WriteXdr,
};

pub const XLM: i64 = 10_000_000;

/// Somebody with a key; the number is the seed.
#[derive(Clone)]
pub struct Person(SigningKey);

impl Person {
    pub fn number(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub fn key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub fn account(&self) -> AccountId {
        AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(self.key())))
    }

    pub fn muxed(&self) -> MuxedAccount {
        MuxedAccount::Ed25519(Uint256(self.key()))
    }

    pub fn address(&self) -> String {
        stellar_strkey::ed25519::PublicKey(self.key()).to_string().to_string()
    }

    fn sign(&self, hash: [u8; 32]) -> VecM<DecoratedSignature, 20> {
        let [.., a, b, c, d] = self.key();
        let signature = self.0.sign(&hash).to_bytes().to_vec().try_into().unwrap();
        let hint = SignatureHint([a, b, c, d]);
        vec![DecoratedSignature { hint, signature: stellar_xdr::Signature(signature) }]
            .try_into()
            .unwrap()
    }
}

/// A network and how to ask it.
#[derive(Clone)]
pub struct Net(pub Localnet);

impl Net {
    pub fn start() -> Self {
        Self::with_retention(1_000)
    }

    pub fn with_retention(ledgers: u32) -> Self {
        let store = MemoryStore::new().with_retention(ledgers);
        Self(Localnet::builder().store(Box::new(store)).start().unwrap())
    }

    pub fn named(passphrase: &str) -> Self {
        Self(Localnet::builder().passphrase(passphrase).start().unwrap())
    }

    /// A network whose clock stands still, so that no ledger closes by itself.
    pub fn still() -> Self {
        Self(Localnet::builder().clock(Arc::new(|| 1_767_225_600)).start().unwrap())
    }

    /// The result of a method; fails if there is none.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let answer = self.rpc(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Code and message of a refusal; fails if there is none.
    pub async fn refused(&self, method: &str, params: Value) -> (i64, String) {
        let answer = self.rpc(method, params).await;
        assert!(answer.get("result").is_none(), "{method}: {answer}");
        let error = &answer["error"];
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }

    async fn rpc(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.0.rpc(request).await
    }

    /// Somebody with 10,000 XLM.
    pub async fn person(&self, seed: u8) -> Person {
        let person = Person::number(seed);
        self.0.fund(person.account(), 10_000 * XLM).await.unwrap();
        person
    }

    pub async fn account(&self, person: &Person) -> AccountEntry {
        let key = LedgerKey::Account(LedgerKeyAccount { account_id: person.account() });
        let (found, _) = self.0.entries(vec![key]).await.unwrap();
        match &found.first().expect("the account exists").entry.entry.data {
            LedgerEntryData::Account(account) => account.clone(),
            other => panic!("an account is no account: {other:?}"),
        }
    }

    /// An envelope of one operation, signed, with the right sequence number.
    pub async fn envelope(&self, from: &Person, body: OperationBody) -> TransactionEnvelope {
        self.sign(from, self.transaction(from, body).await)
    }

    pub async fn transaction(&self, from: &Person, body: OperationBody) -> Transaction {
        Transaction {
            source_account: from.muxed(),
            fee: 100,
            seq_num: SequenceNumber(self.account(from).await.seq_num.0 + 1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![Operation { source_account: None, body }].try_into().unwrap(),
            ext: TransactionExt::V0,
        }
    }

    pub fn sign(&self, from: &Person, tx: Transaction) -> TransactionEnvelope {
        let signatures = from.sign(tx.hash(self.0.network_id()).unwrap());
        TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures })
    }

    pub fn fee_bump(&self, payer: &Person, inner: &TransactionEnvelope) -> TransactionEnvelope {
        let TransactionEnvelope::Tx(inner) = inner else { panic!("a V1 envelope is bumped") };
        let tx = FeeBumpTransaction {
            fee_source: payer.muxed(),
            fee: 1_000,
            inner_tx: FeeBumpTransactionInnerTx::Tx(inner.clone()),
            ext: FeeBumpTransactionExt::V0,
        };
        let signatures = payer.sign(tx.hash(self.0.network_id()).unwrap());
        TransactionEnvelope::TxFeeBump(FeeBumpTransactionEnvelope { tx, signatures })
    }

    pub fn hash(&self, envelope: &TransactionEnvelope) -> String {
        hex(&envelope.hash(self.0.network_id()).unwrap())
    }

    pub async fn send(&self, envelope: &TransactionEnvelope) -> Value {
        self.ask("sendTransaction", json!({ "transaction": base64(envelope) })).await
    }

    pub async fn get(&self, hash: &str) -> Value {
        self.ask("getTransaction", json!({ "hash": hash })).await
    }

    /// Sends what must succeed; gives its hash.
    pub async fn succeed(&self, envelope: &TransactionEnvelope) -> String {
        let sent = self.send(envelope).await;
        assert_eq!(sent["status"], "PENDING", "{sent}");
        let hash = sent["hash"].as_str().unwrap().to_owned();
        let found = self.get(&hash).await;
        assert_eq!(found["status"], "SUCCESS", "{found}");
        hash
    }

    pub async fn pay(&self, from: &Person, to: &Person, amount: i64) -> String {
        self.succeed(&self.envelope(from, payment(to, amount)).await).await
    }

    /// Simulates a contract call, puts in what it needs, and sends it.
    pub async fn invoke(&self, from: &Person, body: OperationBody) -> String {
        let tx = self.transaction(from, body).await;
        let simulated = self.simulate(&self.sign(from, tx.clone())).await;
        self.succeed(&self.sign(from, with_resources(tx, &simulated))).await
    }

    pub async fn simulate(&self, envelope: &TransactionEnvelope) -> Value {
        self.ask("simulateTransaction", json!({ "transaction": base64(envelope) })).await
    }
}

/// The transaction with what its simulation found.
pub fn with_resources(mut tx: Transaction, simulated: &Value) -> Transaction {
    let data = simulated["transactionData"].as_str().unwrap_or_else(|| panic!("{simulated}"));
    let fee: u32 = simulated["minResourceFee"].as_str().unwrap().parse().unwrap();
    tx.fee += fee;
    tx.ext = TransactionExt::V1(xdr::<SorobanTransactionData>(data));
    let OperationBody::InvokeHostFunction(call) = &tx.operations[0].body else {
        return tx;
    };
    let mut call = call.clone();
    let auth = simulated["results"][0]["auth"].as_array().unwrap();
    call.auth =
        auth.iter().map(|a| xdr(a.as_str().unwrap())).collect::<Vec<_>>().try_into().unwrap();
    let body = OperationBody::InvokeHostFunction(call);
    tx.operations = vec![Operation { source_account: None, body }].try_into().unwrap();
    tx
}

pub fn payment(to: &Person, amount: i64) -> OperationBody {
    let destination = to.muxed();
    OperationBody::Payment(PaymentOp { destination, asset: Asset::Native, amount })
}

pub fn create(account: &Person, starting_balance: i64) -> OperationBody {
    OperationBody::CreateAccount(CreateAccountOp {
        destination: account.account(),
        starting_balance,
    })
}

pub fn base64(value: &impl WriteXdr) -> String {
    value.to_xdr_base64(Limits::none()).unwrap()
}

pub fn xdr<T: ReadXdr>(base64: &str) -> T {
    T::from_xdr_base64(base64, Limits::none()).unwrap_or_else(|error| panic!("{base64}: {error}"))
}

/// The XDR in a field of an answer.
pub fn field<T: ReadXdr>(answer: &Value, name: &str) -> T {
    xdr(answer[name].as_str().unwrap_or_else(|| panic!("{name} is missing: {answer}")))
}

pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// The contract of the native asset.
pub mod token {
    use sha2::{Digest, Sha256};
    use stellar_xdr::{
        Asset, ContractExecutable, ContractId, ContractIdPreimage, CreateContractArgs, Hash,
        HashIdPreimage, HashIdPreimageContractId, HostFunction, InvokeContractArgs,
        InvokeHostFunctionOp, Limits, OperationBody, ScAddress, ScVal, VecM, WriteXdr,
    };

    use super::{Net, Person};

    pub fn id(net: &Net) -> ContractId {
        let preimage = HashIdPreimage::ContractId(HashIdPreimageContractId {
            network_id: Hash(net.0.network_id()),
            contract_id_preimage: ContractIdPreimage::Asset(Asset::Native),
        });
        ContractId(Hash(Sha256::digest(preimage.to_xdr(Limits::none()).unwrap()).into()))
    }

    pub fn address(net: &Net) -> String {
        stellar_strkey::Contract(id(net).0.0).to_string().to_string()
    }

    pub fn deploy() -> OperationBody {
        call(HostFunction::CreateContract(CreateContractArgs {
            contract_id_preimage: ContractIdPreimage::Asset(Asset::Native),
            executable: ContractExecutable::StellarAsset,
        }))
    }

    pub fn transfer(net: &Net, from: &Person, to: &Person, amount: i128) -> OperationBody {
        let address = |person: &Person| ScVal::Address(ScAddress::Account(person.account()));
        invoke(net, "transfer", vec![address(from), address(to), amount.into()])
    }

    pub fn invoke(net: &Net, function: &str, args: Vec<ScVal>) -> OperationBody {
        call(HostFunction::InvokeContract(InvokeContractArgs {
            contract_address: ScAddress::Contract(id(net)),
            function_name: function.try_into().unwrap(),
            args: args.try_into().unwrap(),
        }))
    }

    fn call(host_function: HostFunction) -> OperationBody {
        OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
            host_function,
            auth: VecM::default(),
        })
    }
}
