//! Time warp, snapshots and trouble over a port, for tests that are not written in Rust.

use reqwest::StatusCode;
use serde_json::{Value, json};
use stellar_xdr::{LedgerKey, LedgerKeyAccount, TransactionResult, TransactionResultResult};

use super::http::Port;
use super::support::{XLM, base64, field, payment};

impl Port {
    async fn tool(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let response = self.post("/tools", request.to_string()).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// What a tool that must work gave.
    async fn done(&self, method: &str, params: Value) -> Value {
        let answer = self.tool(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }
}

#[tokio::test]
async fn tools_are_there_only_when_asked_for() {
    let port = Port::open().await;
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "closeLedger" }).to_string();
    assert_eq!(port.post("/tools", request.clone()).await.status(), StatusCode::NOT_FOUND);
    let tools = Port::open_with(true).await;
    assert_eq!(tools.net.refused("closeLedger", json!({})).await.0, -32_601);
    let answer = tools.post("/tools", request).await;
    assert!(answer.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn no_web_page_reaches_the_tools() {
    let port = Port::open_with(true).await;
    let latest = port.net.0.latest().await.unwrap();
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "closeLedger" }).to_string();
    let ask = async |name: &str, value: &str| {
        let asked = port.client.post(format!("{}/tools", port.url)).header(name, value);
        let asked = asked.header("content-type", "application/json").body(request.clone());
        asked.send().await.unwrap()
    };
    // From a page of another origin, of our own, and of one that does not say which.
    for origin in ["http://evil.example", port.url.as_str(), "null"] {
        let refused = ask("origin", origin).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{origin}");
        assert!(refused.headers().get("access-control-allow-origin").is_none());
    }
    // From a page whose name was made to lead here, in a browser that does not say where from.
    for host in
        ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example"]
    {
        let refused = ask("host", host).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{host}");
        let told: Value = refused.json().await.unwrap();
        assert!(told["detail"].as_str().unwrap().contains("as localhost"), "{told}");
    }
    assert_eq!(port.net.0.latest().await.unwrap().sequence(), latest.sequence());
    for host in ["localhost", "LOCALHOST:8000", "[::1]:8000", "192.168.1.5", "localnet:8000"] {
        assert_eq!(ask("host", host).await.status(), StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn ledgers_and_time_pass() {
    let port = Port::open_with(true).await;
    let before = port.net.0.latest().await.unwrap();
    let closed = port.done("closeLedger", json!({})).await;
    assert_eq!(closed["ledger"], before.sequence() + 1);
    let jumped = port.done("advanceLedgers", json!({ "count": 1_000 })).await;
    assert_eq!(jumped["ledger"], before.sequence() + 1_001);
    let warped = port.done("advanceTime", json!({ "seconds": 86_400 })).await;
    let time: u64 = warped["closeTime"].as_str().unwrap().parse().unwrap();
    assert!((86_400..86_460).contains(&(time - before.close_time())), "{time}");
    assert_eq!(port.net.0.latest().await.unwrap().close_time(), time);
}

#[tokio::test]
async fn a_snapshot_is_gone_back_to() {
    let port = Port::open_with(true).await;
    let (ann, ben) = (port.net.person(1).await, port.net.person(2).await);
    let taken = port.done("snapshot", json!({})).await;
    let hash = port.net.pay(&ann, &ben, XLM).await;
    let latest = port.done("revert", taken.clone()).await;
    assert_eq!(port.net.account(&ben).await.balance, 10_000 * XLM);
    let found = port.net.get(&hash).await;
    assert_eq!(
        (&found["status"], &found["latestLedger"]),
        (&json!("NOT_FOUND"), &latest["ledger"])
    );
    let unknown = port.tool("revert", json!({ "snapshot": 99 })).await;
    assert!(
        unknown["error"]["message"].as_str().unwrap().contains("no such snapshot"),
        "{unknown}"
    );
}

#[tokio::test]
async fn accounts_freeze_and_submissions_go_wrong() {
    let port = Port::open_with(true).await;
    let (net, client) = (&port.net, async |method, params| port.done(method, params).await);
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let result = |sent: &Value| field::<TransactionResult>(sent, "errorResultXdr").result;
    let pay = async || net.send(&net.envelope(&ann, payment(&ben, 1)).await).await;

    let key = LedgerKey::Account(LedgerKeyAccount { account_id: ben.account() });
    for keys in [json!([ann.address()]), json!([base64(&key)])] {
        client("freeze", json!({ "keys": keys })).await;
        assert_eq!(result(&pay().await), TransactionResultResult::TxFrozenKeyAccessed, "{keys}");
        client("thaw", json!({ "keys": keys })).await;
        assert_eq!(pay().await["status"], "PENDING");
    }
    client("disturbNextSend", json!({ "fault": "tryAgainLater" })).await;
    assert_eq!(pay().await["status"], "TRY_AGAIN_LATER");
    client("disturbNextSend", json!({ "fault": { "refuse": "tx_bad_seq" } })).await;
    assert_eq!(result(&pay().await), TransactionResultResult::TxBadSeq);
    client("disturbNextSend", json!({ "fault": "lose" })).await;
    let lost = pay().await;
    assert_eq!(lost["status"], "PENDING");
    assert_eq!(net.get(lost["hash"].as_str().unwrap()).await["status"], "NOT_FOUND");
    assert_eq!(pay().await["status"], "PENDING", "one at a time");
    assert_eq!(net.account(&ben).await.balance, 10_000 * XLM + 3);
}

#[tokio::test]
async fn what_no_tool_can_do_is_refused() {
    let port = Port::open_with(true).await;
    for (method, params, code) in [
        ("explode", json!({}), -32_601),
        ("advanceLedgers", json!({}), -32_602),
        ("advanceLedgers", json!({ "count": -1 }), -32_602),
        ("advanceTime", json!({ "seconds": "1" }), -32_602),
        ("freeze", json!({ "keys": ["GABC"] }), -32_602),
        ("disturbNextSend", json!({ "fault": "explode" }), -32_602),
        ("disturbNextSend", json!({ "fault": { "refuse": "tx_unheard_of" } }), -32_602),
        ("advanceLedgers", json!({ "count": u32::MAX }), -32_603),
        ("advanceTime", json!({ "seconds": u64::MAX }), -32_603),
    ] {
        let answer = port.tool(method, params.clone()).await;
        assert_eq!(answer["error"]["code"], code, "{method} {params}: {answer}");
    }
    assert_eq!(port.net.ask("getHealth", json!({})).await["status"], "healthy");
}
