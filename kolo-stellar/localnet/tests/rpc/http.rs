//! The port: what an ordinary HTTP client sees.

use kolo_localnet::rpc::{serve, serve_with_tools};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::support::{Net, Person, XLM, base64, payment};

/// A network on a port of its own.
pub struct Port {
    pub net: Net,
    pub url: String,
    pub client: Client,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Port {
    pub async fn open() -> Self {
        Self::open_with(false).await
    }

    pub async fn open_with(tools: bool) -> Self {
        crate::tls_provider();
        let net = Net::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let network = net.0.clone();
        let stopped = async {
            let _ = stopped.await;
        };
        let served = tokio::spawn(async move {
            if tools {
                serve_with_tools(listener, network, stopped).await
            } else {
                serve(listener, network, stopped).await
            }
        });
        Self { net, url, client: Client::new(), stop, served }
    }

    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        self.post_as("application/json", path, body).await
    }

    async fn post_as(&self, kind: &str, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).header("content-type", kind);
        request.body(body).send().await.unwrap()
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 9, "method": method, "params": params });
        let response = self.post("/", request.to_string()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let answer: Value = response.json().await.unwrap();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(9)), "{answer}");
        answer["result"].clone()
    }
}

#[tokio::test]
async fn a_client_funds_pays_and_looks_up() {
    let port = Port::open().await;
    let (ann, ben) = (Person::number(1), Person::number(2));
    let network = port.ask("getNetwork", json!({})).await;
    let friendbot = network["friendbotUrl"].as_str().unwrap();
    assert_eq!(friendbot, format!("{}/friendbot", port.url));
    for (person, post) in [(&ann, false), (&ben, true)] {
        let url = format!("{friendbot}?addr={}", person.address());
        let request = if post { port.client.post(url) } else { port.client.get(url) };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let funded: Value = response.json().await.unwrap();
        let found = port.ask("getTransaction", json!({ "hash": funded["hash"] })).await;
        assert_eq!(found["resultMetaXdr"], funded["result_meta_xdr"]);
        assert_eq!(port.net.account(person).await.balance, 10_000 * XLM);
    }
    let envelope = base64(&port.net.envelope(&ann, payment(&ben, XLM)).await);
    let sent = port.ask("sendTransaction", json!({ "transaction": envelope })).await;
    assert_eq!(sent["status"], "PENDING");
    let found = port.ask("getTransaction", json!({ "hash": sent["hash"] })).await;
    assert_eq!((&found["status"], &found["envelopeXdr"]), (&json!("SUCCESS"), &json!(envelope)));
    assert_eq!(port.net.account(&ben).await.balance, 10_001 * XLM);
}

#[tokio::test]
async fn friendbot_gives_once_and_only_to_addresses() {
    let port = Port::open().await;
    let ann = port.net.person(1).await;
    let friendbot = async |query: &str| {
        let response =
            port.client.get(format!("{}/friendbot{query}", port.url)).send().await.unwrap();
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let (status, problem) = friendbot(&format!("?addr={}", ann.address())).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("createAccountAlreadyExist"));
    assert_eq!(port.net.account(&ann).await.balance, 10_000 * XLM);
    for query in ["", "?addr=", "?addr=GABC", "?addr=🙂", "?addr=CAAA"] {
        let (status, problem) = friendbot(query).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(problem["status"], 400);
    }
    // Who has spent some gets more.
    let ben = port.net.person(2).await;
    port.net.pay(&ann, &ben, XLM).await;
    assert_eq!(friendbot(&format!("?addr={}", ann.address())).await.0, StatusCode::OK);
    assert!(port.net.account(&ann).await.balance > 19_998 * XLM);
}

#[tokio::test]
async fn what_is_no_request_gets_a_json_rpc_error() {
    let port = Port::open().await;
    let request = |method: &str| json!({ "jsonrpc": "2.0", "id": 1, "method": method });
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_params = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"getEvents\",\"params\":{}{}}}",
        "{\"a\":".repeat(100_000),
        "}".repeat(100_000)
    );
    let many = Value::Array(vec![request("getHealth"); 101]);
    for (body, status, code) in [
        (String::new(), StatusCode::OK, -32_700),
        ("hello".into(), StatusCode::OK, -32_700),
        ("{\"jsonrpc\":".into(), StatusCode::OK, -32_700),
        (deep, StatusCode::OK, -32_700),
        (deep_params, StatusCode::PAYLOAD_TOO_LARGE, -32_600),
        ("x".repeat(10_000_000), StatusCode::PAYLOAD_TOO_LARGE, -32_600),
        ("[]".into(), StatusCode::OK, -32_600),
        ("5".into(), StatusCode::OK, -32_700),
        (many.to_string(), StatusCode::OK, -32_600),
        (request("getNothing").to_string(), StatusCode::OK, -32_601),
        (request("getEvents").to_string(), StatusCode::OK, -32_602),
    ] {
        let shown: String = body.chars().take(40).collect();
        let response = port.post("/rpc", body).await;
        assert_eq!(response.status(), status, "{shown}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["error"]["code"], code, "{shown}: {answer}");
        assert_eq!(answer["jsonrpc"], "2.0");
    }
    let bytes = port.post("/", vec![0xFF, 0xFE, 0x00]).await;
    assert_eq!(bytes.json::<Value>().await.unwrap()["error"]["code"], -32_700);
    assert_eq!(port.ask("getHealth", json!({})).await["status"], "healthy");
}

#[tokio::test]
async fn a_body_has_to_call_itself_json() {
    let port = Port::open().await;
    let health = json!({ "jsonrpc": "2.0", "id": 1, "method": "getHealth" }).to_string();
    for kind in
        ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=utf8"]
    {
        assert_eq!(
            port.post_as(kind, "/", health.clone()).await.status(),
            StatusCode::OK,
            "{kind}"
        );
    }
    for (kind, why) in [
        ("text/plain", "content-type must be application/json"),
        ("application/x-www-form-urlencoded", "content-type must be application/json"),
        ("application/json; charset=latin1", "invalid content-type charset"),
    ] {
        let refused = port.post_as(kind, "/rpc", health.clone()).await;
        assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert_eq!(refused.text().await.unwrap(), why);
    }
}

#[tokio::test]
async fn batches_are_answered_together_and_notifications_not_at_all() {
    let port = Port::open().await;
    let batch = json!([
        { "jsonrpc": "2.0", "id": "a", "method": "getHealth" },
        { "jsonrpc": "2.0", "method": "getHealth" },
        { "jsonrpc": "2.0", "id": "b", "method": "getLatestLedger" },
    ]);
    let answers: Value = port.post("/", batch.to_string()).await.json().await.unwrap();
    let ids: Vec<_> = answers.as_array().unwrap().iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, ["a", "b"]);
    let note = json!({ "jsonrpc": "2.0", "method": "getHealth" });
    let response = port.post("/", note.to_string()).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert!(response.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn only_the_paths_and_verbs_there_are_answer_and_any_page_may_ask() {
    let port = Port::open().await;
    let get = port.client.get(&port.url).send().await.unwrap();
    assert_eq!(get.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(port.post("/admin", "{}").await.status(), StatusCode::NOT_FOUND);
    let preflight = port.client.request(reqwest::Method::OPTIONS, &port.url).send().await.unwrap();
    assert!(preflight.status().is_success());
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let answer = port.post("/", "{}").await;
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn the_port_closes_when_told() {
    let port = Port::open().await;
    port.stop.send(()).unwrap();
    port.served.await.unwrap().unwrap();
    assert!(port.client.post(&port.url).body("{}").send().await.is_err());
    assert_eq!(port.net.ask("getHealth", json!({})).await["status"], "healthy");
}
