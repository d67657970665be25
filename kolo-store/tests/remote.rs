//! The vault's suite through the signing service, over HTTP; and what the two say when something is
//! wrong.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use kolo_core::TenantId;
use kolo_core::port::vault::{Digest, KeyName, PublicKey, SigningPolicy};
use kolo_core::port::{KeyVault, PortError, PortErrorKind, Retry};
use kolo_core::testkit::conformance::VaultFactory;
use kolo_core::testkit::{MemoryVault, SignsAnything};
use kolo_store::remote::{AccessToken, RemoteVault, RemoteVaultError, SigningService};
use kolo_store::{MasterKey, MasterKeys, SqliteLedger, StoreVault};
use tokio::runtime::Runtime;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const MASTER: [u8; 32] = *b"a master key of thirty-two bytes";

fn token() -> AccessToken {
    AccessToken::try_new(TOKEN).unwrap()
}

async fn answer(
    State(service): State<Arc<SigningService>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    let answer = service.answer(uri.path(), authorization, &body).await;
    (StatusCode::from_u16(answer.status).unwrap(), answer.body)
}

/// A service on a port of its own; its URL.
async fn serve(vault: Arc<dyn KeyVault>, policy: Arc<dyn SigningPolicy>) -> String {
    let service = Arc::new(SigningService::new(vault, policy, token()));
    let router = Router::new().fallback(answer).with_state(service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A service around the store's vault, which is the same after each opening.
struct Remote(tempfile::TempDir, Mutex<Vec<SqliteLedger>>);

#[async_trait]
impl VaultFactory for Remote {
    async fn open(&self) -> Arc<dyn KeyVault> {
        let file = self.0.path().join("vault.sqlite");
        let ledger = SqliteLedger::connect(&file.display().to_string()).await.unwrap();
        let keys = MasterKeys::new(MasterKey::from_bytes(MASTER));
        let vault = StoreVault::try_new(&ledger, keys).await.unwrap();
        self.1.lock().unwrap().push(ledger);
        let url = serve(Arc::new(vault), Arc::new(SignsAnything)).await;
        Arc::new(RemoteVault::try_new(&url, token()).unwrap())
    }

    fn secrets(&self) -> Vec<Vec<u8>> {
        vec![MASTER.to_vec(), TOKEN.as_bytes().to_vec()]
    }
}

/// One for all threads of a test: a client's connections live on the runtime that opened them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn block_on<F: Future<Output = ()>>(future: F) {
    RUNTIME.block_on(future);
}

kolo_core::vault_conformance! {
    block_on = block_on,
    factory = Remote(tempfile::tempdir().unwrap(), Mutex::default())
}

fn name() -> KeyName {
    KeyName::Operator("fees".to_owned())
}

async fn refusal(vault: &RemoteVault) -> PortError {
    vault.create(&TenantId::default(), &name()).await.unwrap_err()
}

#[tokio::test]
async fn who_does_not_know_the_token_gets_nothing() {
    let url = serve(Arc::new(MemoryVault::new(1)), Arc::new(SignsAnything)).await;
    let wrong = AccessToken::try_new(&TOKEN.replace('0', "1")).unwrap();
    let error = refusal(&RemoteVault::try_new(&url, wrong).unwrap()).await;
    assert_eq!((error.kind, error.retry), (PortErrorKind::Denied, Retry::Permanent));
    let service =
        SigningService::new(Arc::new(MemoryVault::new(1)), Arc::new(SignsAnything), token());
    for header in [None, Some(""), Some("Bearer "), Some(TOKEN), Some("Basic 0123")] {
        assert_eq!(service.answer("/v1/rotate", header, b"{}").await.status, 401, "{header:?}");
    }
}

/// Signs nothing but what begins with `good`.
struct Picky;

impl SigningPolicy for Picky {
    fn check(&self, _: &PublicKey, _: Digest, payload: &[u8]) -> Result<(), PortError> {
        match payload.starts_with(b"good") {
            true => Ok(()),
            false => {
                Err(PortError::new(PortErrorKind::Denied, Retry::Permanent, "not signed: bad"))
            }
        }
    }
}

#[tokio::test]
async fn what_the_policy_does_not_let_through_is_not_signed() {
    let url = serve(Arc::new(MemoryVault::new(1)), Arc::new(Picky)).await;
    let vault = RemoteVault::try_new(&url, token()).unwrap();
    let tenant = TenantId::default();
    let key = vault.create(&tenant, &name()).await.unwrap();
    vault.sign(&tenant, &key, Digest::Sha256, b"good day").await.unwrap();
    let error = vault.sign(&tenant, &key, Digest::Sha256, b"bad day").await.unwrap_err();
    assert_eq!((error.kind, error.retry), (PortErrorKind::Denied, Retry::Permanent));
    assert!(error.to_string().contains("not signed: bad"), "{error}");
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_not_repeated() {
    let service =
        SigningService::new(Arc::new(MemoryVault::new(1)), Arc::new(SignsAnything), token());
    let header = format!("Bearer {TOKEN}");
    let long = vec![b'['; 100_000];
    let bodies: [&[u8]; 6] = [
        b"",
        b"{}",
        b"\xff\xfe",
        br#"{"tenant":"A B","name":{"operator":"fees"}}"#,
        br#"{"tenant":"main","name":{"member":"hunter2"}}"#,
        &long,
    ];
    for path in ["/v1/create", "/v1/sign"] {
        for body in bodies {
            let answer = service.answer(path, Some(&header), body).await;
            assert_eq!(answer.status, 422, "{path} {}", String::from_utf8_lossy(body));
            assert!(!String::from_utf8_lossy(&answer.body).contains("hunter2"));
        }
    }
    assert_eq!(service.answer("/v1/export", Some(&header), b"{}").await.status, 404);
}

#[tokio::test]
async fn a_service_that_is_away_slow_or_strange_is_tried_again_later() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let short = Duration::from_millis(200);
    let vault = RemoteVault::with_timeout(&url, token(), short).unwrap();
    let slow = refusal(&vault).await;
    assert_eq!((slow.kind, slow.retry), (PortErrorKind::Timeout, Retry::Temporary));
    drop(listener);
    let away = refusal(&vault).await;
    assert_eq!((away.kind, away.retry), (PortErrorKind::Unavailable, Retry::Temporary));
    assert!(!format!("{away:?}").contains(TOKEN));

    let gateway = Router::new().fallback(|| async { (StatusCode::BAD_GATEWAY, "<html>") });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, gateway).await });
    let strange = refusal(&RemoteVault::try_new(&url, token()).unwrap()).await;
    assert_eq!((strange.kind, strange.retry), (PortErrorKind::Unavailable, Retry::Temporary));
}

/// Says to the test below that it is the program it has started.
const CHILD: &str = "KOLO_TEST_BEHIND_A_PROXY";

/// A host's environment names a proxy, as many do: the token does not go there.
#[tokio::test]
async fn on_this_machine_no_proxy_is_asked() {
    if let Ok(url) = std::env::var(CHILD) {
        let vault = RemoteVault::try_new(&url, token()).unwrap();
        vault.create(&TenantId::default(), &name()).await.unwrap();
        return;
    }
    let url = serve(Arc::new(MemoryVault::new(1)), Arc::new(SignsAnything)).await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let heard = format!("http://{}", proxy.local_addr().unwrap());
    let me = std::env::current_exe().unwrap();
    let child = tokio::task::spawn_blocking(move || {
        std::process::Command::new(me)
            .args(["--exact", "on_this_machine_no_proxy_is_asked"])
            .env(CHILD, url)
            .env("http_proxy", &heard)
            .env("ALL_PROXY", &heard)
            .env_remove("no_proxy")
            .env_remove("NO_PROXY")
            .output()
    });
    tokio::select! {
        output = child => {
            let output = output.unwrap().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
        _ = proxy.accept() => panic!("the proxy was asked"),
    }
}

#[test]
fn the_token_goes_nowhere_in_the_clear() {
    for bad in ["http://signer.example.com", "http://10.0.0.1:80", "ftp://localhost", "signer", ""]
    {
        let refused = RemoteVault::try_new(bad, token());
        assert!(matches!(refused, Err(RemoteVaultError::Url)), "{bad}");
    }
    for good in [
        "https://signer.example.com/x",
        "http://localhost:1",
        "http://[::1]:1",
        "http://127.0.0.1:1",
    ] {
        assert!(RemoteVault::try_new(good, token()).is_ok(), "{good}");
    }
    for bad in ["", "short", &"a b".repeat(20), &"ä".repeat(40)] {
        assert!(AccessToken::try_new(bad).is_err(), "{bad}");
    }
    assert_eq!(format!("{:?}", token()), "AccessToken(…)");
}
