//! A read-only web explorer: ledgers, transactions, accounts, contracts and events as pages of plain
//! HTML, made at each request. No script, nothing from elsewhere, nothing that changes anything.

mod frame;
mod pages;
mod read;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::Markup;
use serde::Deserialize;
use stellar_xdr::ScAddress;

use crate::network::{Localnet, NetworkError};

/// The explorer's pages, all under `/explorer`.
pub(crate) fn router(network: Localnet) -> Router {
    Router::new()
        .route("/explorer", get(home))
        .route("/explorer/ledgers/{sequence}", get(ledger))
        .route("/explorer/transactions/{hash}", get(transaction))
        .route("/explorer/accounts/{address}", get(address))
        .route("/explorer/contracts/{address}", get(address))
        .route("/explorer/events", get(events))
        .route("/explorer/search", get(search))
        .with_state(network)
}

/// Why there is no page.
enum NoPage {
    /// What was asked for is not there.
    NotFound(&'static str),
    Network(NetworkError),
}

impl From<NetworkError> for NoPage {
    fn from(error: NetworkError) -> Self {
        Self::Network(error)
    }
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        let (status, title, why) = match self {
            Self::NotFound(why) => (StatusCode::NOT_FOUND, "Not found", why.to_owned()),
            Self::Network(error) => {
                (StatusCode::SERVICE_UNAVAILABLE, "The network does not answer", error.to_string())
            }
        };
        page(status, &frame::frame(title, &maud::html! { p { (why) } }))
    }
}

type Page = Result<Response, NoPage>;

async fn home(State(network): State<Localnet>) -> Page {
    let latest = network.latest().await?;
    let ledgers = read::latest_ledgers(&network, &latest).await?;
    let transactions = read::latest_transactions(&network, &latest, |_| true).await?;
    found(&pages::home(network.passphrase(), &latest, &ledgers, &transactions))
}

async fn ledger(State(network): State<Localnet>, Path(sequence): Path<String>) -> Page {
    const UNKNOWN: NoPage =
        NoPage::NotFound("There is no such ledger, or it is older than the history that is kept.");
    let sequence: u32 = sequence.parse().map_err(|_| UNKNOWN)?;
    let header = network.ledgers(sequence..=sequence, 1).await?.pop().ok_or(UNKNOWN)?;
    let transactions = network.transactions(sequence..=sequence, None, read::MOST_READ).await?;
    found(&pages::ledger(&header, &transactions))
}

async fn transaction(State(network): State<Localnet>, Path(hash): Path<String>) -> Page {
    const UNKNOWN: NoPage = NoPage::NotFound(
        "No ledger that is kept has this transaction: it was refused, waits, or is too old.",
    );
    let hash = read::parse_hash(&hash).ok_or(UNKNOWN)?;
    let record = network.transaction(hash).await?.ok_or(UNKNOWN)?;
    found(&pages::transaction(&record))
}

async fn address(State(network): State<Localnet>, Path(address): Path<String>) -> Page {
    let owner = read::parse_address(&address)
        .ok_or(NoPage::NotFound("An address begins with G (an account) or C (a contract)."))?;
    let entries = network.entries_of(owner.clone(), read::MOST_READ).await?;
    let latest = network.latest().await?;
    let about = |record: &_| read::is_about(record, &address);
    let transactions = read::latest_transactions(&network, &latest, about).await?;
    if entries.is_empty() && transactions.is_empty() {
        return Err(NoPage::NotFound("Nothing is known of this address."));
    }
    let kind = if matches!(owner, ScAddress::Account(_)) { "Account" } else { "Contract" };
    found(&pages::address(kind, &address, latest.sequence(), &entries, &transactions))
}

async fn events(State(network): State<Localnet>) -> Page {
    let latest = network.latest().await?;
    let has_events = |record: &crate::model::TxRecord| !record.events.is_empty();
    found(&pages::events(&read::latest_transactions(&network, &latest, has_events).await?))
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

/// Goes to the page of what was typed; whether it exists is found out there.
async fn search(Query(Search { q }): Query<Search>) -> Page {
    let asked = q.trim();
    let target = if asked.parse::<u32>().is_ok() {
        format!("/explorer/ledgers/{asked}")
    } else if read::parse_hash(asked).is_some() {
        format!("/explorer/transactions/{asked}")
    } else if let Some(link) = frame::address_link(asked) {
        link
    } else {
        return Err(NoPage::NotFound(
            "Give a ledger's number, a transaction's hash, or an address that begins with G or C.",
        ));
    };
    Ok(Redirect::to(&target).into_response())
}

fn found(markup: &Markup) -> Page {
    Ok(page(StatusCode::OK, markup))
}

fn page(status: StatusCode, markup: &Markup) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, HEADERS, markup.0.clone()).into_response()
}
