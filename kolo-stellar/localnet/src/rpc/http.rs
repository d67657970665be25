//! Stellar RPC, friendbot and the explorer on a port.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use stellar_xdr::{AccountId, LedgerEntryData, LedgerKey, LedgerKeyAccount, PublicKey, Uint256};
use tokio::net::TcpListener;

use super::jsonrpc::{self, RpcError};
use super::{Service, wire};
use crate::model::TxRecord;
use crate::network::Localnet;

/// Largest request answered, in bytes, as in Stellar RPC.
pub const MAX_BODY_BYTES: usize = 512 * 1024;
/// What friendbot gives an account: 10,000 XLM, in stroops.
pub const FRIENDBOT_STROOPS: i64 = 100_000_000_000;
/// Of a request that is too large, this much is still read, so that its sender hears the answer.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Serves a network on a port until `shutdown` is done: Stellar RPC at `/` and `/rpc`, friendbot
/// at `/friendbot?addr=G…`, and for people `/explorer`. Requests that are being answered then are
/// answered first.
///
/// Browsers may ask from any page, as with Stellar RPC: on this network there is only test money.
///
/// # Errors
/// If connections can no longer be accepted.
pub async fn serve(
    listener: TcpListener,
    network: Localnet,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = router(network, listener.local_addr()?);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

/// The same with what tests do to a network at `/tools`, for whoever reaches the port: JSON-RPC
/// methods `closeLedger`, `advanceLedgers` (`count`), `advanceTime` (`seconds`), `snapshot`, `revert`
/// (`snapshot`), `freeze` and `thaw` (`keys`: accounts, or ledger keys in base64), and
/// `disturbNextSend` (`fault`: `tryAgainLater`, `lose`, `noAnswer`, or `{"refuse": "tx_bad_seq"}`).
///
/// Programs reach them, web pages do not: what comes from a page, or calls us by a name that somebody on
/// the internet could own, is refused with status 403.
///
/// # Errors
/// If connections can no longer be accepted.
pub async fn serve_with_tools(
    listener: TcpListener,
    network: Localnet,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let tools = Router::new()
        .route("/tools", post(tools))
        .layer(middleware::from_fn(refuse_web_pages))
        .with_state(Served { network: network.clone(), address });
    let router = router(network, address).merge(tools);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

fn router(network: Localnet, address: SocketAddr) -> Router {
    Router::new()
        .route("/", post(rpc))
        .route("/rpc", post(rpc))
        .route("/friendbot", get(friendbot).post(friendbot))
        .layer(middleware::from_fn(allow_any_origin))
        .with_state(Served { network: network.clone(), address })
        .merge(crate::explorer::router(network))
}

#[derive(Clone)]
struct Served {
    network: Localnet,
    address: SocketAddr,
}

impl Served {
    /// As the client sees it: by the name it called us.
    fn friendbot_url(&self, headers: &HeaderMap) -> String {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        match host {
            Some(host) => format!("http://{host}/friendbot"),
            None => format!("http://{}/friendbot", self.address),
        }
    }
}

async fn rpc(State(served): State<Served>, headers: HeaderMap, body: Body) -> Response {
    let friendbot_url = served.friendbot_url(&headers);
    let service = Service { network: &served.network, friendbot_url: Some(&friendbot_url) };
    match request(&headers, body).await {
        Ok(request) => respond(service.answer(request).await),
        Err(refused) => refused,
    }
}

async fn tools(State(served): State<Served>, headers: HeaderMap, body: Body) -> Response {
    match request(&headers, body).await {
        Ok(request) => respond(super::tools::answer(&served.network, request).await),
        Err(refused) => refused,
    }
}

/// The JSON in a request, or the refusal of what is none.
async fn request(headers: &HeaderMap, body: Body) -> Result<Value, Response> {
    if let Some(refused) = wrong_content_type(headers) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, refused).into_response());
    }
    let request = match read(body).await {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            let refused = RpcError::parse_error("invalid request value");
            (StatusCode::OK, refused.about(error.to_string()))
        }),
        Err(refused) => Err(refused),
    };
    request
        .map_err(|(status, error)| json_response(status, &jsonrpc::failure(&Value::Null, &error)))
}

fn respond(answer: Option<Value>) -> Response {
    match answer {
        Some(answer) => json_response(StatusCode::OK, &answer),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Stellar RPC's refusal of a body that does not call itself JSON in UTF-8.
fn wrong_content_type(headers: &HeaderMap) -> Option<&'static str> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = value.unwrap_or_default().split(';').map(|part| part.trim().to_lowercase());
    if parts.next().as_deref() != Some("application/json") {
        return Some("content-type must be application/json");
    }
    let charset = parts.find_map(|part| part.strip_prefix("charset=").map(str::to_owned));
    let known = charset.is_none_or(|name| matches!(name.trim_matches('"'), "utf-8" | "utf8"));
    (!known).then_some("invalid content-type charset")
}

/// Reads a request's body; of one that is too large, all that is bearable, to throw it away.
async fn read(body: Body) -> Result<Vec<u8>, (StatusCode, RpcError)> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            let error = RpcError::parse_error(format!("the request broke off: {error}"));
            (StatusCode::BAD_REQUEST, error)
        })?;
        length = length.saturating_add(chunk.len());
        if length <= MAX_BODY_BYTES {
            bytes.extend_from_slice(&chunk);
        } else if length > MAX_DRAINED_BYTES {
            break;
        }
    }
    if length <= MAX_BODY_BYTES {
        return Ok(bytes);
    }
    let error = RpcError::invalid_request("http: request body too large");
    Err((
        StatusCode::PAYLOAD_TOO_LARGE,
        error.about(format!("the limit is {MAX_BODY_BYTES} bytes")),
    ))
}

#[derive(Deserialize)]
struct FriendbotQuery {
    addr: Option<String>,
}

async fn friendbot(State(served): State<Served>, Query(query): Query<FriendbotQuery>) -> Response {
    let address = query.addr.unwrap_or_default();
    let Ok(key) = address.parse::<stellar_strkey::ed25519::PublicKey>() else {
        let detail = "addr must be a public key that begins with G: /friendbot?addr=G…";
        return problem(StatusCode::BAD_REQUEST, "Bad Request", detail);
    };
    let account = AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.0)));
    match fund(&served.network, account).await {
        Ok(Some(record)) => json_response(StatusCode::OK, &record),
        Ok(None) => {
            let detail = "createAccountAlreadyExist: account already funded to starting balance";
            problem(StatusCode::BAD_REQUEST, "Bad Request", detail)
        }
        Err(error) => {
            problem(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", &error.message)
        }
    }
}

/// Funds an account that has less than friendbot gives; `None` if it has enough.
async fn fund(network: &Localnet, account: AccountId) -> Result<Option<Value>, RpcError> {
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: account.clone() });
    let (found, _) = network.entries(vec![key]).await?;
    let balance = found.first().map_or(0, |found| match &found.entry.entry.data {
        LedgerEntryData::Account(account) => account.balance,
        _ => 0,
    });
    if balance >= FRIENDBOT_STROOPS {
        return Ok(None);
    }
    let record = network.fund(account, FRIENDBOT_STROOPS).await?;
    friendbot_answer(&record).map(Some)
}

/// The fields of Horizon's transaction that clients read from friendbot.
fn friendbot_answer(record: &TxRecord) -> Result<Value, RpcError> {
    let hash = wire::hex(&record.hash.0);
    Ok(json!({
        "id": hash,
        "hash": hash,
        "successful": record.is_successful(),
        "ledger": record.ledger,
        "created_at": wire::rfc3339(record.close_time),
        "envelope_xdr": wire::encode(&record.envelope)?,
        "result_xdr": wire::encode(&record.result)?,
        "result_meta_xdr": wire::encode(&record.meta)?,
    }))
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// An error in the form that Horizon and friendbot use (RFC 7807).
fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
    });
    json_response(status, &body)
}

async fn allow_any_origin(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whoever drives a developer's browser must not drive the network: a page says where it comes from,
/// and one that had its own name lead here (DNS rebinding) calls us by that name.
async fn refuse_web_pages(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let refused = if headers.contains_key(header::ORIGIN) {
        "the tools are not for web pages: ask from a program"
    } else if !host.is_some_and(is_nobodys_name) {
        "the tools do not answer to this name: call the network by its IP address or as localhost"
    } else {
        return next.run(request).await;
    };
    problem(StatusCode::FORBIDDEN, "Forbidden", refused)
}

/// An address, or a name that cannot be bought: localhost, one without a dot (of a container), or
/// under a domain that is reserved.
fn is_nobodys_name(host: &str) -> bool {
    const RESERVED: [&str; 2] = [".localhost", ".internal"];
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    is_address || !name.contains('.') || RESERVED.iter().any(|domain| name.ends_with(domain))
}
