//! `kolo-server chain` over a port: what an operator types, reads and gets as exit code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use kolo_localnet::{Localnet, STANDALONE_PASSPHRASE};
use serde_json::Value;
use sha2::{Digest, Sha256};
use stellar_strkey::ed25519;
use tokio::net::TcpListener;
use tokio::process::Command;

const ASSET: &str = "USDC:GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN";

/// Exit code, what was printed, what was told beside it.
async fn chain(url: &str, secret: Option<&str>, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kolo-server"));
    command.env_clear().arg("chain").args(arguments);
    command.args(["--passphrase", STANDALONE_PASSPHRASE, "--rpc", url]);
    command.envs(secret.map(|secret| ("KOLO_FUND_SECRET", secret)));
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, told) = (text(&output.stdout), text(&output.stderr));
    assert!(secret.is_none_or(|secret| !out.contains(secret) && !told.contains(secret)));
    (output.status.code().unwrap(), out, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_deploys_and_looks_after_it() {
    let network = Localnet::builder().start().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(kolo_localnet::rpc::serve(listener, network.clone(), std::future::pending()));
    let seed: [u8; 32] = Sha256::digest(STANDALONE_PASSPHRASE.as_bytes()).into();
    let root = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let root = ed25519::PublicKey(root).to_string().as_str().to_owned();
    let secret = ed25519::PrivateKey(seed).as_unredacted().to_string().as_str().to_owned();

    // Without a secret nothing can be sent; a dry run needs none.
    let (code, out, told) = chain(&url, None, &["deploy", "--asset", ASSET]).await;
    assert_eq!((code, out.as_str()), (1, ""), "{told}");
    assert!(told.contains("KOLO_FUND_SECRET"), "{told}");
    let dry = ["deploy", "--asset", ASSET, "--dry-run", "--from", &root];
    let (code, out, told) = chain(&url, None, &dry).await;
    assert_eq!(code, 0, "{told}");
    assert!(out.starts_with("Dry run: nothing was sent."), "{out}");
    let before = network.latest().await.unwrap().sequence();
    let (code, out, told) = chain(&url, None, &[&dry[..], &["--json"]].concat()).await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(network.latest().await.unwrap().sequence(), before);
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&plan["dry_run"], &plan["sent"]), (&Value::Bool(true), &Value::from(0)));
    let factory = plan["plan"]["factory"].as_str().unwrap();

    let status = ["status", "--asset", ASSET, "--factory", factory, "--sponsor", &root];
    let (code, out, _) = chain(&url, None, &status).await;
    assert_eq!(code, 1, "nothing is there: {out}");
    let (code, out, told) = chain(&url, Some(&secret), &["deploy", "--asset", ASSET]).await;
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("· made the factory") && out.contains("5 steps were made"),
        "{told}{out}"
    );
    let (code, out, told) = chain(&url, None, &status).await;
    assert_eq!(code, 0, "{out}{told}");
    assert!(out.contains("All is well."), "{out}");

    let (code, out, _) = chain(&url, None, &["fees", "--json"]).await;
    let fees: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &fees["floor"], &fees["ceiling"]), (0, &100.into(), &50_000_000.into()));
    let (code, out, _) = chain(&url, None, &["accounts", "--fees", &root]).await;
    assert_eq!(code, 0, "{out}");
    let issuer = ASSET.trim_start_matches("USDC:");
    let (code, out, _) = chain(&url, None, &["accounts", "--keeper", issuer]).await;
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("no such account"), "{out}");
    let (code, _, told) = chain("http://127.0.0.1:1/key", None, &["fees"]).await;
    assert_eq!(code, 1);
    assert!(told.contains("127.0.0.1:1") && !told.contains("key"), "{told}");
}
