//! The official Rust client (`stellar-rpc-client`), unmodified, over HTTP.

use serde_json::Value;
use sha2::{Digest, Sha256};
use stellar_rpc_client::{
    AuthMode, Client, Error, EventStart, EventType, GetTransactionResponse, GetTransactionsRequest,
    LedgerStart,
};
use stellar_xdr::{
    AlphaNum4, Asset, AssetCode4, ChangeTrustAsset, ChangeTrustOp, ContractDataDurability,
    ContractExecutable, ContractIdPreimage, ContractIdPreimageFromAddress, CreateAccountOp,
    CreateContractArgs, CreateContractArgsV2, Hash, HostFunction, InvokeContractArgs,
    InvokeHostFunctionOp, LedgerEntryData, LedgerKey, LedgerKeyContractCode, LedgerKeyContractData,
    LedgerKeyTrustLine, OperationBody, PaymentOp, ScAddress, ScVal, ScVec, SequenceNumber,
    Transaction, TransactionEnvelope, TransactionMeta, TransactionResult, TrustLineAsset, Uint256,
    VecM,
};

use super::http::Port;
use super::support::{Person, XLM, payment, with_resources};

/// Somebody who does everything through the client.
struct User {
    port: Port,
    client: Client,
}

impl User {
    async fn start() -> Self {
        let port = Port::open().await;
        let client = Client::new(&port.url).unwrap();
        Self { port, client }
    }

    /// Funded by friendbot.
    async fn person(&self, seed: u8) -> Person {
        let person = Person::number(seed);
        let friendbot = self.client.friendbot_url().await.unwrap();
        let url = format!("{friendbot}?addr={}", person.address());
        assert!(self.port.client.get(url).send().await.unwrap().status().is_success());
        person
    }

    async fn transaction(&self, from: &Person, body: OperationBody) -> Transaction {
        let account = self.client.get_account(&from.address()).await.unwrap();
        let mut tx = self.port.net.transaction(from, body).await;
        tx.seq_num = SequenceNumber(account.seq_num.0 + 1);
        tx
    }

    async fn send(&self, from: &Person, tx: Transaction) -> GetTransactionResponse {
        let envelope = self.port.net.sign(from, tx);
        let sent = self.client.send_transaction_polling(&envelope).await.unwrap();
        assert_eq!((sent.status.as_str(), sent.envelope.as_ref()), ("SUCCESS", Some(&envelope)));
        sent
    }

    async fn run(&self, from: &Person, body: OperationBody) -> GetTransactionResponse {
        self.send(from, self.transaction(from, body).await).await
    }

    /// Simulates, assembles and sends a contract call; gives what it returned.
    async fn invoke(&self, from: &Person, function: HostFunction) -> ScVal {
        let body = OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
            host_function: function,
            auth: VecM::default(),
        });
        let tx = self.transaction(from, body).await;
        let envelope = TransactionEnvelope::from(tx.clone());
        let record = Some(AuthMode::Record);
        let simulated = self.client.simulate_transaction_envelope(&envelope, record).await.unwrap();
        assert_eq!(simulated.error, None);
        assert!(simulated.state_changes.as_ref().is_some_and(|changes| !changes.is_empty()));
        assert_eq!(simulated.results().unwrap().len(), 1);
        let answer: Value = serde_json::to_value(&simulated).unwrap();
        let mut tx = with_resources(tx, &with_text_fee(answer));
        tx.fee += 1_000;
        let sent = self.send(from, tx).await;
        let Some(TransactionMeta::V4(meta)) = sent.result_meta else { panic!("no V4 metadata") };
        meta.soroban_meta.unwrap().return_value.unwrap()
    }
}

/// The client has the fee as a number, the answer it came from as a text.
fn with_text_fee(mut answer: Value) -> Value {
    let fee = answer["minResourceFee"].as_u64().unwrap();
    answer["minResourceFee"] = fee.to_string().into();
    answer
}

fn usdc(issuer: &Person) -> Asset {
    let asset_code = AssetCode4(*b"USDC");
    Asset::CreditAlphanum4(AlphaNum4 { asset_code, issuer: issuer.account() })
}

fn wasm(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../wasm/{name}.wasm", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn upload(code: &[u8]) -> HostFunction {
    HostFunction::UploadContractWasm(code.to_vec().try_into().unwrap())
}

fn address(of: ScVal) -> ScAddress {
    let ScVal::Address(address) = of else { panic!("no address: {of:?}") };
    address
}

#[tokio::test]
async fn the_network_introduces_itself() {
    let user = User::start().await;
    let expected = Some("Standalone Network ; February 2017");
    user.client.verify_network_passphrase(expected).await.unwrap();
    assert!(user.client.verify_network_passphrase(Some("another")).await.is_err());
    assert_eq!(user.client.get_health().await.unwrap().status, "healthy");
    let latest = user.client.get_latest_ledger().await.unwrap();
    let network = user.client.get_network().await.unwrap();
    assert_eq!(network.protocol_version, latest.protocol_version);
    assert!(!user.client.get_version_info().await.unwrap().version.is_empty());
    user.client.get_fee_stats().await.unwrap();
    let missing = user.client.get_account(&Person::number(9).address()).await;
    assert!(matches!(missing, Err(Error::NotFound(..))), "{missing:?}");
}

#[tokio::test]
async fn accounts_trustlines_and_payments() {
    let user = User::start().await;
    let (ann, ben) = (user.person(1).await, Person::number(2));
    let create = CreateAccountOp { destination: ben.account(), starting_balance: 100 * XLM };
    user.run(&ann, OperationBody::CreateAccount(create)).await;
    assert_eq!(user.client.get_account(&ben.address()).await.unwrap().balance, 100 * XLM);

    let asset = usdc(&ann);
    let Asset::CreditAlphanum4(code) = &asset else { panic!() };
    let line = ChangeTrustAsset::CreditAlphanum4(code.clone());
    let trust = OperationBody::ChangeTrust(ChangeTrustOp { line, limit: i64::MAX });
    user.run(&ben, trust).await;
    let paid = PaymentOp { destination: ben.muxed(), asset: asset.clone(), amount: 25 * XLM };
    let sent = user.run(&ann, OperationBody::Payment(paid)).await;
    assert_eq!(sent.events.contract_events.len(), 1, "one operation: {:?}", sent.events);
    let key = LedgerKey::Trustline(LedgerKeyTrustLine {
        account_id: ben.account(),
        asset: TrustLineAsset::CreditAlphanum4(code.clone()),
    });
    let found = user.client.get_full_ledger_entries(&[key]).await.unwrap();
    let LedgerEntryData::Trustline(line) = &found.entries[0].val else { panic!("{found:?}") };
    assert_eq!(line.balance, 25 * XLM);

    // Refused, and failed: told apart.
    let mut late = user.transaction(&ann, payment(&ben, 1)).await;
    late.seq_num = SequenceNumber(late.seq_num.0 + 5);
    let refused = user.client.send_transaction(&user.port.net.sign(&ann, late)).await.unwrap_err();
    assert!(refused.to_string().contains("TxBadSeq"), "{refused}");
    let much = user.transaction(&ben, payment(&ann, 1_000 * XLM)).await;
    let much = user.port.net.sign(&ben, much);
    let failed = user.client.send_transaction_polling(&much).await.unwrap_err();
    assert!(failed.to_string().contains("Underfunded"), "{failed}");

    let request = GetTransactionsRequest { start_ledger: Some(1), pagination: None };
    let all = user.client.get_transactions(request).await.unwrap();
    let paid: TransactionResult = sent.result.unwrap();
    assert!(all.transactions.iter().any(|tx| tx.result.as_ref() == Some(&paid)));
    let json = Some("json".to_owned());
    let ledgers = user.client.get_ledgers(LedgerStart::Ledger(1), Some(3), json).await.unwrap();
    assert_eq!(ledgers.ledgers.len(), 3);
    for ledger in ledgers.ledgers {
        let header = ledger.header_json.unwrap();
        assert_eq!(
            (header.header.ledger_seq, header.hash.to_string()),
            (ledger.sequence, ledger.hash)
        );
        assert!(ledger.metadata_json.is_some());
    }
}

#[tokio::test]
async fn contracts_are_uploaded_deployed_and_invoked() {
    let user = User::start().await;
    let (ann, ben) = (user.person(1).await, user.person(2).await);
    let native = address(
        user.invoke(
            &ann,
            HostFunction::CreateContract(CreateContractArgs {
                contract_id_preimage: ContractIdPreimage::Asset(Asset::Native),
                executable: ContractExecutable::StellarAsset,
            }),
        )
        .await,
    );
    let code = wasm("factory");
    let hash: [u8; 32] = Sha256::digest(&code).into();
    let uploaded = user.invoke(&ann, upload(&code)).await;
    assert_eq!(uploaded, ScVal::Bytes(hash.to_vec().try_into().unwrap()));
    let circle = user.invoke(&ann, upload(&wasm("circle"))).await;
    let rulebook = user.invoke(&ann, upload(&wasm("rulebook"))).await;
    let assets = vec![ScVal::Address(native.clone())];
    let deploy = CreateContractArgsV2 {
        contract_id_preimage: ContractIdPreimage::Address(ContractIdPreimageFromAddress {
            address: ScAddress::Account(ann.account()),
            salt: Uint256([7; 32]),
        }),
        executable: ContractExecutable::Wasm(Hash(hash)),
        constructor_args: vec![
            circle,
            rulebook,
            ScVal::Vec(Some(ScVec(assets.try_into().unwrap()))),
        ]
        .try_into()
        .unwrap(),
    };
    let factory = address(user.invoke(&ann, HostFunction::CreateContractV2(deploy)).await);
    let instance = LedgerKey::ContractData(LedgerKeyContractData {
        contract: factory,
        key: ScVal::LedgerKeyContractInstance,
        durability: ContractDataDurability::Persistent,
    });
    let key = LedgerKey::ContractCode(LedgerKeyContractCode { hash: Hash(hash) });
    let found = user.client.get_full_ledger_entries(&[key, instance]).await.unwrap().entries;
    assert_eq!(found.len(), 2);
    assert!(matches!(&found[0].val, LedgerEntryData::ContractCode(entry) if *entry.code == code));
    assert!(found.iter().all(|entry| entry.live_until_ledger_seq.is_some()), "{found:?}");

    let first = user.client.get_latest_ledger().await.unwrap().sequence + 1;
    let person = |person: &Person| ScVal::Address(ScAddress::Account(person.account()));
    let args = vec![person(&ann), person(&ben), 77_i128.into()];
    let transfer = HostFunction::InvokeContract(InvokeContractArgs {
        contract_address: native.clone(),
        function_name: "transfer".try_into().unwrap(),
        args: args.try_into().unwrap(),
    });
    assert_eq!(user.invoke(&ann, transfer).await, ScVal::Void);
    let balance = user.client.get_account(&ben.address()).await.unwrap().balance;
    assert_eq!(balance, 10_000 * XLM + 77);
    let (start, kind) = (EventStart::Ledger(first), Some(EventType::Contract));
    let events = user.client.get_events(start, kind, &[native.to_string()], &[], Some(10)).await;
    let events = events.unwrap().events;
    let named = |name: &str| {
        let name = super::support::base64(&ScVal::Symbol(name.try_into().unwrap()));
        events.iter().filter(|event| event.topic.first() == Some(&name)).count()
    };
    assert_eq!((named("transfer"), named("fee")), (1, 2), "the fee, and what of it came back");
}
