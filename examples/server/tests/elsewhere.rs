//! `kolo-server demo --rpc`: the same circle in real time, over a port, and what can be wrong with it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::process::Output;
use std::time::Duration;

use kolo_localnet::{Close, Localnet, STANDALONE_PASSPHRASE};
use serde_json::Value;
use sha2::{Digest, Sha256};
use stellar_strkey::ed25519;
use stellar_xdr::{AccountId, PublicKey, Uint256};
use tokio::net::TcpListener;
use tokio::process::Command;

/// The secret of the account whose seed is the hash of `text`: on a standalone network, that of the
/// passphrase owns all there is.
fn secret(text: &str) -> String {
    let seed = ed25519::PrivateKey(Sha256::digest(text.as_bytes()).into());
    seed.as_unredacted().to_string().as_str().to_owned()
}

fn account(text: &str) -> AccountId {
    let key = ed25519_dalek::SigningKey::from_bytes(&Sha256::digest(text.as_bytes()).into());
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.verifying_key().to_bytes())))
}

/// A network on a port that closes a ledger every second.
async fn network() -> (Localnet, String) {
    let network = Localnet::builder().close(Close::Every(Duration::from_secs(1))).start().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(kolo_localnet::rpc::serve(listener, network.clone(), std::future::pending()));
    (network, url)
}

/// Plays it; the secret must not come out again, whatever happens.
async fn demo(secret: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolo-server"));
    command.env_clear().env("RUST_LOG", "debug").args(["demo", "--json"]).args(arguments);
    command.envs(secret.map(|secret| ("KOLO_FUND_SECRET", secret)));
    let output = command.output().await.unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        let shown = secret.is_some_and(|secret| !secret.is_empty() && text.contains(secret));
        assert!(!shown, "a secret is shown");
    }
    output
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_circle_is_played_in_real_time() {
    let (_network, url) = network().await;
    let secret = secret(STANDALONE_PASSPHRASE);
    let arguments = ["--rpc", &url, "--passphrase", STANDALONE_PASSPHRASE, "--interval", "4s"];
    let output = demo(Some(&secret), &arguments).await;
    assert!(output.status.success(), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["ok"], true, "{report:#}");
    let people = report["people"].as_array().unwrap();
    assert_eq!(people.len(), 3);
    for person in people {
        assert_eq!(person["paid_in"], "30.00", "{person:#}");
        assert_eq!(person["received"], "30.00");
        assert_eq!(person["payouts"], 1);
        assert_eq!(person["balance_books"], "80.00");
        assert_eq!(person["balance_chain"], "80.00");
    }
    assert_eq!(report["totals"]["pot_chain"], "0.00");
    // Three accounts, three gifts, a circle, two invitations, two to join, nine contributions, three payouts.
    assert!(report["totals"]["transactions"].as_u64() >= Some(22), "{report:#}");
    assert!(report["totals"]["fees_stroops"].as_u64() > Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_and_nothing_is_played() {
    let (network, url) = network().await;
    let root = secret(STANDALONE_PASSPHRASE);
    network.fund(account("poor"), 1_000_000_000).await.unwrap();
    let (poor, nobody) = (secret("poor"), secret("nobody"));
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}/key-in-the-path", gone.local_addr().unwrap());
    drop(gone);
    let here = STANDALONE_PASSPHRASE;
    let public = "Public Global Stellar Network ; September 2015";
    let cases = [
        (None, url.as_str(), here, "KOLO_FUND_SECRET: set it"),
        (Some(""), &url, here, "KOLO_FUND_SECRET: set it"),
        (Some("hunter2"), &url, here, "no Stellar secret key"),
        (Some(&nobody[1..]), &url, here, "no Stellar secret key"),
        (Some(&root), &url, "Test SDF Network ; September 2015", "correct the passphrase"),
        (Some(&root), &url, public, "public network"),
        (Some(&nobody), &url, here, "does not exist on this network"),
        (Some(&poor), &url, here, "top it up"),
        (Some(&root), &dead, here, "not reachable"),
        (Some(&root), "http://rpc.example.org", here, "use https://"),
        (Some(&root), "ftp://127.0.0.1", here, "http:// or https://"),
        (Some(&root), "rubbish", here, "http:// or https://"),
    ];
    for (secret, rpc, passphrase, words) in cases {
        let output = demo(secret, &["--rpc", rpc, "--passphrase", passphrase]).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{rpc} {passphrase}: {said}");
        assert!(said.contains(words), "{rpc} {passphrase}: {said}");
        assert!(!said.contains("key-in-the-path"), "{said}");
        assert!(output.stdout.is_empty());
    }
    // Arguments that do not go together.
    for arguments in [
        vec!["--rpc", &url],
        vec!["--passphrase", here],
        vec!["--interval", "20s"],
        vec!["--rpc", &url, "--passphrase", here, "--interval", "20"],
        vec!["--rpc", &url, "--passphrase", here, "--interval", "0s"],
    ] {
        let output = demo(Some(&root), &arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
    }
}
