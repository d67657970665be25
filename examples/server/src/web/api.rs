//! The page's JSON API.
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::Stream;
use kolo_core::port::Clock;
use kolo_core::port::channel::InboundMessage;
use kolo_core::{Error, Timestamp, conversation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ShiftFile, key, outside, receipt, state, tx};
use crate::chat::{ChatError, Phone};
use crate::health::Seen;
use crate::logs::LogCounts;
use crate::metrics;
use crate::stack::Stack;

/// Longest name on a phone, in characters.
const NAME_MAX: usize = 40;

/// Largest request, bytes: a message of WhatsApp's length in any script, and some.
const BODY_MAX: usize = 64 * 1024;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct App {
    pub stack: Arc<Stack>,
    pub shift: Arc<ShiftFile>,
    pub logs: LogCounts,
    pub seen: Arc<Seen>,
    /// Whether people reach the page over TLS, at `KOLO_PUBLIC_URL`; else it is used on this machine alone.
    pub over_tls: bool,
}

pub(super) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(|| async { Html(include_str!("../../assets/index.html")) }))
        .route("/tx/{hash}", get(transaction_page))
        .route("/receipt/{number}", get(receipt::page))
        .route("/receipt/{number}/file", get(receipt::file))
        .route("/dom.js", get(|| async { script(include_str!("../../assets/dom.js")) }))
        .route("/app.js", get(|| async { script(include_str!("../../assets/app.js")) }))
        .route("/frame.js", get(|| async { script(include_str!("../../assets/frame.js")) }))
        .route("/tx.js", get(|| async { script(include_str!("../../assets/tx.js")) }))
        .route("/receipt.js", get(|| async { script(include_str!("../../assets/receipt.js")) }))
        .route("/style.css", get(|| async { style(include_str!("../../assets/style.css")) }))
        .route("/api/state", get(page_state))
        .route("/health", get(health))
        .route("/metrics", get(collect))
        .route("/api/events", get(events))
        .route("/api/phones", post(add_phone))
        .route("/api/phones/{number}/messages", post(say))
        .route("/api/clock", post(move_clock))
        .route("/api/circles/{circle}/contributions", get(contributions))
        .route("/api/tx/{hash}", get(transaction))
        .route("/api/receipt/{number}", get(receipt::json))
        .route("/rpc", post(rpc))
        .merge(key::router())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(app.clone(), outside::guard))
        .with_state(app)
}

fn script(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], text).into_response()
}

fn style(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], text).into_response()
}

/// An answer that says what is wrong.
pub(super) struct Problem(StatusCode, String);

impl Problem {
    pub fn not_found(what: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, what.into())
    }

    pub fn internal(what: impl Into<String>) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, what.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        tracing::error!(%error, "a page could not be answered");
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("{} ({})", error, error.code()))
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl From<ChatError> for Problem {
    fn from(error: ChatError) -> Self {
        let status = match error {
            ChatError::Taken(_) | ChatError::Full => StatusCode::CONFLICT,
            ChatError::File(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}

/// The page around one thing of its kind, which the script looks up.
pub(super) fn frame(what: &str, script: &str) -> Html<String> {
    let page = include_str!("../../assets/frame.html");
    Html(page.replace("{what}", what).replace("{script}", script))
}

async fn contributions(
    State(app): State<App>,
    Path(circle): Path<String>,
) -> Result<Json<Value>, Problem> {
    let unknown = || Problem::not_found("no circle with that id");
    let circle = circle.parse().map_err(|_| unknown())?;
    match state::contributions(&app.stack, circle).await {
        Ok(rows) => Ok(Json(rows)),
        Err(Error::NoSuchCircle) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

async fn page_state(State(app): State<App>) -> Result<Json<Value>, Problem> {
    Ok(Json(state::of(&app.stack).await?))
}

/// 200 when all is well, 503 when somebody should do something.
async fn health(State(app): State<App>) -> Response {
    match crate::health::look(&app.stack, &app.seen).await {
        Ok(report) if report.ok => Json(report).into_response(),
        Ok(report) => (StatusCode::SERVICE_UNAVAILABLE, Json(report)).into_response(),
        Err(error) => Problem(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// What a Prometheus server collects.
async fn collect(State(app): State<App>) -> Response {
    let looked = crate::health::look(&app.stack, &app.seen).await;
    if let Err(error) = &looked {
        tracing::warn!(%error, "the metrics are without the network");
    }
    let figures = app.stack.meter.figures();
    match metrics::text(&figures, &app.logs, looked.as_ref().ok()) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => Problem::internal(error.to_string()).into_response(),
    }
}

/// The embedded network's Stellar RPC, for wallets and programs of one's own (`kolo-server rescue`).
async fn rpc(
    State(app): State<App>,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(request) = body?;
    let Some(network) = &app.stack.network else {
        return Err(Problem::not_found(
            "there is no embedded network here: ask a node of the network",
        ));
    };
    Ok(Json(network.rpc(request).await))
}

/// A line whenever the page should look again.
async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = app.stack.chat.changes();
    let stream = futures::stream::unfold(changes, |mut changes| async move {
        changes.changed().await.ok()?;
        let count = *changes.borrow_and_update();
        Some((Ok(Event::default().event("change").data(count.to_string())), changes))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPhone {
    name: String,
    number: String,
}

async fn add_phone(
    State(app): State<App>,
    body: Result<Json<NewPhone>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(wanted) = body?;
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(bad(format!("the name must be 1 to {NAME_MAX} characters")));
    }
    let number = conversation::parse_phone(&wanted.number, None).map_err(|_| {
        bad("that is not a phone number: write it with its country, like +234 803 100 0001")
    })?;
    let phone = Phone { number, name: name.to_owned() };
    app.stack.chat.add(phone.clone())?;
    Ok((StatusCode::CREATED, Json(json!(phone))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    text: String,
    /// The tapped button.
    button: Option<String>,
    /// The message's id: the same again is the same message.
    id: String,
}

#[derive(Serialize)]
struct Heard {
    id: String,
}

async fn say(
    State(app): State<App>,
    Path(number): Path<String>,
    body: Result<Json<Said>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(said) = body?;
    let Some(phone) = app.stack.chat.phones().into_iter().find(|phone| phone.number == number)
    else {
        return Err(Problem(StatusCode::NOT_FOUND, "no phone with that number here".to_owned()));
    };
    let usable = (1..=64).contains(&said.id.len()) && said.id.bytes().all(|b| b.is_ascii_graphic());
    if !usable {
        return Err(bad("the message's id must be 1 to 64 printable ASCII characters"));
    }
    let message = InboundMessage {
        id: said.id,
        from: phone.contact(),
        name: Some(phone.name),
        phone: Some(phone.number),
        text: said.text,
        button: said.button,
    };
    // Durable before it is acknowledged; the worker takes it from there.
    conversation::receive(&app.stack.kolo, message.clone()).await?;
    app.stack.chat.hear(&message)?;
    app.stack.worker.nudge();
    Ok((StatusCode::ACCEPTED, Json(Heard { id: message.id })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    by: By,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Hour,
    Day,
    /// To the next deadline or payout date of any circle.
    Due,
}

async fn move_clock(
    State(app): State<App>,
    body: Result<Json<Move>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(Move { by }) = body?;
    let now = app.stack.clock.now();
    let until = match by {
        By::Hour => now.plus(3_600),
        By::Day => now.plus(86_400),
        By::Due => next_date(&app.stack, now).await?.ok_or_else(|| {
            Problem(StatusCode::CONFLICT, "nothing is due: start a circle first".to_owned())
        })?,
    };
    // Kept with every move, so that a crash on the way does not turn time back.
    let mut kept = Ok(());
    let keep = || {
        if kept.is_ok() {
            kept = app.shift.write(app.stack.clock.shift_s());
        }
    };
    app.stack.pass_time(until, keep).await?;
    kept.map_err(ChatError::File)?;
    app.stack.chat.touch();
    Ok(Json(json!({ "now": app.stack.clock.now() })))
}

/// The next deadline or payout date.
async fn next_date(stack: &Stack, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let mut dates = Vec::new();
    for circle in stack.kolo.circles().list(None, state::MOST_CIRCLES).await? {
        let status = stack.kolo.circles().status(circle.id).await?;
        dates.extend([status.deadline, status.payout_date].into_iter().flatten());
        dates.extend(state::retry_date(&status));
    }
    Ok(dates.into_iter().filter(|date| *date > now).min())
}

/// The page around a transaction; it says itself what it cannot find.
async fn transaction_page(
    State(app): State<App>,
    Path(hash): Path<String>,
) -> Result<Response, Problem> {
    let status = match tx::page(&app.stack, &hash).await? {
        Some(_) => StatusCode::OK,
        None => StatusCode::NOT_FOUND,
    };
    Ok((status, frame("transaction", "tx.js")).into_response())
}

async fn transaction(
    State(app): State<App>,
    Path(hash): Path<String>,
) -> Result<Json<Value>, Problem> {
    tx::page(&app.stack, &hash).await?.map(Json).ok_or_else(|| {
        Problem(StatusCode::NOT_FOUND, "no such transaction on this network".to_owned())
    })
}

fn bad(what: impl Into<String>) -> Problem {
    Problem(StatusCode::BAD_REQUEST, what.into())
}
