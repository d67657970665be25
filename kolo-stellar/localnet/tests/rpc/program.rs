//! The program `kolo-localnet`, its options and its ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stellar_xdr::{
    ConfigSettingEntry, ConfigSettingId, LedgerEntryData, LedgerKey, LedgerKeyConfigSetting,
};

use super::restart::open;
use super::support::{Person, XLM, base64, xdr};

/// The program, on a free port.
struct Program {
    child: Child,
    url: String,
    said: Vec<String>,
}

impl Program {
    fn start(folder: &Path) -> Self {
        Self::start_with(&["--state", folder.to_str().unwrap()])
    }

    fn start_with(options: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_kolo-localnet"))
            .args(["--port", "0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut program = Self { child, url: String::new(), said: Vec::new() };
        let stdout = program.child.stdout.take().unwrap();
        for line in BufReader::new(stdout).lines().map(Result::unwrap) {
            program.said.push(line.clone());
            if let Some(url) = line.strip_prefix("Stellar RPC") {
                url.trim().clone_into(&mut program.url);
                return program;
            }
        }
        panic!("it said no URL, but {:?}", program.said);
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        crate::tls_provider();
        let client = reqwest::Client::new();
        let sent = client.post(&self.url).json(&request).send().await.unwrap();
        let answer: Value = sent.json().await.unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].clone()
    }

    async fn fund(&self, person: &Person) {
        crate::tls_provider();
        let url = format!("{}/friendbot?addr={}", self.url, person.address());
        assert!(reqwest::get(url).await.unwrap().status().is_success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_killed_program_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut latest: Option<Value> = None;
    for round in 1..=4_u8 {
        let program = Program::start(folder.path());
        let said = program.said.join("\n");
        assert!(said.contains("Standalone Network ; February 2017"), "{said}");
        // The root account of every standalone network.
        assert!(
            said.contains("GBZXN7PIRZGNMHGA7MUUUF4GWPY5AYPV6LY4UV2GL6VJGIQRXFDNMADI"),
            "{said}"
        );
        if let Some(latest) = &latest {
            // On a slow machine another, empty one may have closed since.
            let asked = json!({ "startLedger": latest["sequence"], "pagination": { "limit": 1 } });
            let found = &program.ask("getLedgers", asked).await["ledgers"][0];
            assert_eq!(found["hash"], latest["id"]);
            assert_eq!(found["metadataXdr"], latest["metadataXdr"]);
        }
        program.fund(&Person::number(round)).await;
        latest = Some(program.ask("getLatestLedger", json!({})).await);
        // Dropped, it is killed: no goodbye.
    }
    let net = open(folder.path());
    for round in 1..=4 {
        assert_eq!(net.account(&Person::number(round)).await.balance, 10_000 * XLM);
    }
}

#[tokio::test]
async fn a_folder_or_port_in_use_is_told_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let port = program.url.rsplit(':').next().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_kolo-localnet")).args(args).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run(&["--port", "0", "--state", folder.path().to_str().unwrap()]);
    assert!(said.contains("stop the other network"), "{said}");
    let said = run(&["--port", port]);
    assert!(said.contains("choose another port with --port"), "{said}");
}

#[tokio::test]
async fn the_options_are_heard() {
    let options = [
        ["--close", "100ms"],
        ["--protocol-limits", "testnet"],
        ["--retention", "3"],
        ["--passphrase", "A network of one's own"],
    ];
    let program = Program::start_with(&[&options.concat()[..], &["--tools"]].concat());
    let network = program.ask("getNetwork", json!({})).await;
    assert_eq!(network["passphrase"], "A network of one's own");
    // Ledgers close by themselves, and three are kept.
    let began = Instant::now();
    let health = loop {
        let health = program.ask("getHealth", json!({})).await;
        if health["latestLedger"].as_u64().unwrap() > 5 {
            break health;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no ledger closes: {health}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(health["ledgerRetentionWindow"], 3);
    let (oldest, latest) = (&health["oldestLedger"], &health["latestLedger"]);
    assert_eq!(latest.as_u64().unwrap() - oldest.as_u64().unwrap(), 2);
    // A week in ledgers of five seconds: testnet's.
    let config_setting_id = ConfigSettingId::StateArchival;
    let key = LedgerKey::ConfigSetting(LedgerKeyConfigSetting { config_setting_id });
    let found = program.ask("getLedgerEntries", json!({ "keys": [base64(&key)] })).await;
    let LedgerEntryData::ConfigSetting(ConfigSettingEntry::StateArchival(archival)) =
        xdr(found["entries"][0]["xdr"].as_str().unwrap())
    else {
        panic!("no setting: {found}")
    };
    assert_eq!(archival.min_persistent_ttl, 120_960);
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "snapshot", "params": {} });
    let tools = format!("{}/tools", program.url);
    let taken = reqwest::Client::new().post(tools).json(&request).send().await.unwrap();
    assert!(taken.json::<Value>().await.unwrap()["result"]["snapshot"].is_u64());
}
