//! `kolo-server signer` and a server that asks it: two processes, over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

mod common;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::{Api, Server, told};
use kolo_core::port::vault::{Digest, KeyName, PublicKey};
use kolo_core::port::{KeyVault, PortErrorKind};
use kolo_core::{MemberId, TenantId};
use kolo_store::remote::{AccessToken, RemoteVault};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    AccountId, AlphaNum4, Asset, AssetCode4, ChangeTrustAsset, ChangeTrustOp, Hash, Limits, Memo,
    MuxedAccount, Operation, OperationBody, PaymentOp, Preconditions, SequenceNumber, TimeBounds,
    TimePoint, Transaction, TransactionExt, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, Uint256, WriteXdr,
};

const ADA: &str = "+2348031000001";
const TOKEN: &str = "thirty-two-characters-or-more-are-enough";
const STANDALONE: &str = "Standalone Network ; February 2017";

/// What both know.
fn token() -> String {
    TOKEN.to_owned()
}

/// The service, killed when dropped.
struct Service {
    child: Child,
    url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolo-server"));
    command.env_clear().env("KOLO_DATA", data).stdin(Stdio::null());
    command
}

/// On a port of this machine, until it says that it is well.
async fn serve(data: &Path, port: u16) -> Service {
    serve_at(data, "127.0.0.1", port).await
}

async fn serve_at(data: &Path, bind: &str, port: u16) -> Service {
    let child = command(data)
        .args(["signer", "--bind", &format!("{bind}:{port}")])
        .env("KOLO_SIGNER_TOKEN", token())
        .stderr(std::fs::File::create(data.join("log.txt")).unwrap())
        .spawn()
        .unwrap();
    let service = Service { child, url: format!("http://127.0.0.1:{port}") };
    let _ = rustls::crypto::ring::default_provider().install_default();
    for _ in 0..600 {
        if let Ok(answer) = reqwest::get(format!("{}/health", service.url)).await
            && answer.status() == 200
        {
            assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "ok": true }));
            return service;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the signing service does not come up");
}

fn asking(service: &Service) -> Server {
    Server::start_with(vec![
        ("KOLO_SIGNER_URL", service.url.clone()),
        ("KOLO_SIGNER_TOKEN", token()),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_signed_in_another_process_and_waits_while_that_is_away() {
    let keys = tempfile::tempdir().unwrap();
    let port = free_port();
    let service = serve(keys.path(), port).await;
    let server = asking(&service);
    let api = Api::new(&server);
    api.say(ADA, "hi", "hi").await;
    api.tell(ADA, "money", "TEST MONEY 100").await;
    received(&api, "100.00").await;
    assert!(!server.data().join("dev-master-key").exists(), "the server has no key at all");

    drop(service);
    api.tell(ADA, "more", "TEST MONEY 5").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(wallet(&api.state().await)["chain"], "100.00");
    let _service = serve(keys.path(), port).await;
    received(&api, "105.00").await;
    let log = std::fs::read_to_string(keys.path().join("log.txt")).unwrap();
    assert!(
        log.contains("kolo_store::vault::remote") && log.contains("signed"),
        "it says what it did: {log}"
    );

    // The page outside the chat closes wallets then, and hands out no key.
    api.say(ADA, "key", "MY KEY").await;
    let state = api.state().await;
    let texts = told(&state, ADA).into_iter().filter_map(|message| message["text"].as_str());
    assert!(texts.into_iter().any(|text| text.contains("/key/mem_")));
}

fn wallet(state: &Value) -> Value {
    let phones = state["phones"].as_array().unwrap();
    phones.iter().find(|phone| phone["number"] == ADA).unwrap()["wallet"].clone()
}

/// In the books and on the chain.
async fn received(api: &Api<'_>, balance: &str) {
    api.until(balance, |state| {
        let wallet = wallet(state);
        (wallet["books"] == balance && wallet["chain"] == balance).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_know_the_word_or_asks_for_too_much_is_refused_in_words() {
    let keys = tempfile::tempdir().unwrap();
    let service = serve(keys.path(), free_port()).await;
    let tenant = TenantId::default();
    let wrong = AccessToken::try_new(&"x".repeat(40)).unwrap();
    let stranger = RemoteVault::try_new(&service.url, wrong).unwrap();
    let member = KeyName::Member(MemberId::derive(&[b"ada"]));
    let refused = stranger.create(&tenant, &member).await.unwrap_err();
    assert_eq!(refused.kind, PortErrorKind::Denied);
    assert!(refused.to_string().contains("the access token is missing or not this service's"));

    let vault =
        RemoteVault::try_new(&service.url, AccessToken::try_new(&token()).unwrap()).unwrap();
    let member = vault.create(&tenant, &member).await.unwrap();
    let fees = vault.create(&tenant, &KeyName::Operator("fees".to_owned())).await.unwrap();
    let native = |from: &PublicKey| payment(from, &member, STANDALONE);
    for (key, payload, why) in [
        (&member, native(&member), "a payment of another asset"),
        (&fees, native(&fees), "a transaction of the fee account's own"),
        (
            &member,
            payment(&member, &fees, "Public Global Stellar Network ; September 2015"),
            "a transaction of another network",
        ),
        (&member, b"anything at all".to_vec(), "bytes that are no transaction"),
    ] {
        let refused = vault.sign(&tenant, key, Digest::Sha256, &payload).await.unwrap_err();
        assert_eq!(refused.kind, PortErrorKind::Denied, "{why}: {refused}");
        assert!(refused.to_string().contains(why), "{refused}");
    }
    let odd = reqwest::get(format!("{}/v1/sign", service.url)).await.unwrap();
    assert_eq!(odd.status(), 405);
}

/// What a wallet is closed with is signed by the member's own key and no other, wherever its XLM goes; and
/// there is no request that gives a key out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_is_closed_by_its_own_key_alone_and_no_key_leaves() {
    let keys = tempfile::tempdir().unwrap();
    let service = serve(keys.path(), free_port()).await;
    let tenant = TenantId::default();
    let vault =
        RemoteVault::try_new(&service.url, AccessToken::try_new(&token()).unwrap()).unwrap();
    let ada = KeyName::Member(MemberId::derive(&[b"ada"]));
    let ada = vault.create(&tenant, &ada).await.unwrap();
    let operators = ["sponsor", "fees", "keeper"].map(|name| KeyName::Operator(name.to_owned()));
    let mut own = Vec::new();
    for name in &operators {
        own.push(vault.create(&tenant, name).await.unwrap());
    }
    let elsewhere = PublicKey([9; 32]);
    for to in [&own[0], &elsewhere] {
        let closing = closing(&ada, to, STANDALONE);
        let signature = vault.sign(&tenant, &ada, Digest::Sha256, &closing).await.unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&ada.0).unwrap();
        let hash = Sha256::digest(&closing);
        key.verify_strict(&hash, &ed25519_dalek::Signature::from_bytes(&signature.0)).unwrap();
        // Not by others in her name, nor of their own accounts.
        for operator in &own {
            for payload in [closing.clone(), self::closing(operator, to, STANDALONE)] {
                let refused = vault.sign(&tenant, operator, Digest::Sha256, &payload).await;
                assert_eq!(refused.unwrap_err().kind, PortErrorKind::Denied);
            }
        }
    }
    let other = closing(&ada, &own[0], "Public Global Stellar Network ; September 2015");
    let refused = vault.sign(&tenant, &ada, Digest::Sha256, &other).await.unwrap_err();
    assert!(refused.to_string().contains("a transaction of another network"), "{refused}");

    let http = reqwest::Client::new();
    for what in ["export", "seal", "keys", "secret"] {
        let request = http.post(format!("{}/v1/{what}", service.url)).bearer_auth(token());
        let answer = request.json(&json!({ "tenant": "default" })).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{what}");
    }
}

/// The word for the service goes over the wire as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_can_be_reached_from_beyond_this_machine_is_told_to_put_tls_in_front() {
    for (bind, warned) in [("0.0.0.0", true), ("127.0.0.1", false)] {
        let keys = tempfile::tempdir().unwrap();
        let service = serve_at(keys.path(), bind, free_port()).await;
        let log = std::fs::read_to_string(keys.path().join("log.txt")).unwrap();
        assert_eq!(log.contains("reached from beyond this machine"), warned, "{bind}: {log}");
        assert_eq!(log.contains("put TLS in front"), warned, "{bind}: {log}");
        drop(service);
    }
}

/// XLM, which is no asset of ours.
fn payment(from: &PublicKey, to: &PublicKey, passphrase: &str) -> Vec<u8> {
    let destination = MuxedAccount::Ed25519(Uint256(to.0));
    let pay = PaymentOp { destination, asset: Asset::Native, amount: 1 };
    payload(from, vec![OperationBody::Payment(pay)], passphrase)
}

/// The account's trustline is given up, and the account merged away.
fn closing(from: &PublicKey, to: &PublicKey, passphrase: &str) -> Vec<u8> {
    let issuer = AccountId(stellar_xdr::PublicKey::PublicKeyTypeEd25519(Uint256([7; 32])));
    let asset_code = AssetCode4(*b"EURC");
    let line = ChangeTrustAsset::CreditAlphanum4(AlphaNum4 { asset_code, issuer });
    let gives_up = OperationBody::ChangeTrust(ChangeTrustOp { line, limit: 0 });
    let merge = OperationBody::AccountMerge(MuxedAccount::Ed25519(Uint256(to.0)));
    payload(from, vec![gives_up, merge], passphrase)
}

/// What is signed of a transaction.
fn payload(from: &PublicKey, bodies: Vec<OperationBody>, passphrase: &str) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let operation = |body| Operation { source_account: None, body };
    let operations: Vec<_> = bodies.into_iter().map(operation).collect();
    let tx = Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(from.0)),
        fee: 100,
        seq_num: SequenceNumber(1),
        cond: Preconditions::Time(TimeBounds {
            min_time: TimePoint(0),
            max_time: TimePoint(now + 60),
        }),
        memo: Memo::None,
        operations: operations.try_into().unwrap(),
        ext: TransactionExt::V0,
    };
    let payload = TransactionSignaturePayload {
        network_id: Hash(Sha256::digest(passphrase.as_bytes()).into()),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx),
    };
    payload.to_xdr(Limits::none()).unwrap()
}

fn ended(mut command: Command) -> (bool, String) {
    let Output { status, stderr, .. } = command.stdout(Stdio::null()).output().unwrap();
    (status.success(), String::from_utf8(stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_cannot_work_is_said_before_anything_starts() {
    let data = tempfile::tempdir().unwrap();
    let service = serve(data.path(), free_port()).await;
    let other = tempfile::tempdir().unwrap();
    let with = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = command(other.path());
        let port = free_port().to_string();
        command.args(arguments).env("PORT", port).envs(environment.iter().copied());
        let (ok, said) = ended(command);
        assert!(!ok, "{said}");
        said
    };
    let said = with(&[("KOLO_SIGNER_URL", &service.url)], &[]);
    assert!(said.contains("KOLO_SIGNER_TOKEN: an access token has at least 32"), "{said}");
    let wrong = "w".repeat(40);
    let said = with(&[("KOLO_SIGNER_URL", &service.url), ("KOLO_SIGNER_TOKEN", &wrong)], &[]);
    assert!(said.contains("the access token is missing or not this service's"), "{said}");
    assert!(!said.contains(&wrong));
    let said =
        with(&[("KOLO_SIGNER_URL", "http://signer.example"), ("KOLO_SIGNER_TOKEN", &wrong)], &[]);
    assert!(said.contains("https://"), "{said}");
    let said = with(&[("KOLO_SIGNER_TOKEN", &wrong)], &[]);
    assert!(said.contains("set without KOLO_SIGNER_URL"), "{said}");
    let said = with(&[], &["signer"]);
    assert!(said.contains("openssl rand -hex 32"), "{said}");
    let said = with(&[("KOLO_SIGNER_TOKEN", "short-word")], &["signer"]);
    assert!(said.contains("KOLO_SIGNER_TOKEN") && !said.contains("short-word"), "{said}");
    let taken = service.url.strip_prefix("http://").unwrap();
    let said = with(&[("KOLO_SIGNER_TOKEN", &wrong)], &["signer", "--bind", taken]);
    assert!(said.contains("choose another with --bind"), "{said}");
    let assets = ["signer", "--assets", "nonsense"];
    let said = with(&[("KOLO_SIGNER_TOKEN", &wrong)], &assets);
    assert!(said.contains("CODE:ISSUER:DECIMALS:NAME"), "{said}");
    let public = ["signer", "--passphrase", "Public Global Stellar Network ; September 2015"];
    let said = with(&[("KOLO_SIGNER_TOKEN", &wrong)], &public);
    assert!(said.contains("ENCRYPTION_KEY: it is not set"), "{said}");
    let said = with(&[("KOLO_PUBLIC_URL", "http://bot.example")], &[]);
    assert!(said.contains("KOLO_PUBLIC_URL"), "{said}");
}

/// The same data started with keys elsewhere than before: refused before anything is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_members_gets_no_other_keys() {
    let keys = tempfile::tempdir().unwrap();
    let service = serve(keys.path(), free_port()).await;
    let another = tempfile::tempdir().unwrap();
    let other = serve(another.path(), free_port()).await;
    let with = |data: &Path, url: Option<&str>| {
        let mut command = command(data);
        command.env("PORT", free_port().to_string());
        if let Some(url) = url {
            command.env("KOLO_SIGNER_URL", url).env("KOLO_SIGNER_TOKEN", token());
        }
        let (ok, said) = ended(command);
        assert!(!ok, "{said}");
        said
    };
    // Begun with keys of its own.
    let server = Server::start();
    Api::new(&server).say(ADA, "hi", "hi").await;
    server.kill();
    let said = with(&server.data(), Some(&service.url));
    assert!(said.contains("Start without KOLO_SIGNER_URL"), "{said}");
    server.kill_and_restart();
    Api::new(&server).say(ADA, "again", "BALANCE").await;

    // Begun with a service.
    let server = asking(&service);
    Api::new(&server).say(ADA, "hi", "hi").await;
    server.kill();
    let said = with(&server.data(), None);
    assert!(said.contains("Set KOLO_SIGNER_URL and KOLO_SIGNER_TOKEN as before"), "{said}");
    let said = with(&server.data(), Some(&other.url));
    assert!(said.contains("these are the keys of another server"), "{said}");
    server.kill_and_restart();
    Api::new(&server).say(ADA, "again", "BALANCE").await;
}
