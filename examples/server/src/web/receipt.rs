//! Receipts as people can read them, and as they can hand them on.
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use kolo_core::Error;
use kolo_core::receipt::SignedReceipt;
use serde_json::{Value, json};

use super::api::{App, Problem, frame};
use crate::demo::spell;

/// The page around a receipt; it says itself what it cannot find.
pub(super) async fn page(
    State(app): State<App>,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let status = match app.stack.kolo.receipts().by_number(&number).await {
        Ok(_) => StatusCode::OK,
        Err(Error::NoSuchReceipt) => StatusCode::NOT_FOUND,
        Err(error) => return Err(error.into()),
    };
    Ok((status, frame("receipt", "receipt.js")).into_response())
}

/// What the page shows: the receipt as it was signed, and the same in words.
pub(super) async fn json(
    State(app): State<App>,
    Path(number): Path<String>,
) -> Result<Json<Value>, Problem> {
    let receipts = app.stack.kolo.receipts();
    let signed = find(&app, &number).await?;
    let said = &signed.receipt;
    let operator = receipts.key();
    Ok(Json(json!({
        "number": signed.number,
        "summary": said.to_string(),
        "amount": said.money().to_string(),
        "time": spell(said.at),
        "genuine": signed.verify(&operator).is_ok(),
        "operator_key": HEXLOWER.encode(&operator.0),
        "signed": &signed,
    })))
}

/// The file to hand on: what `kolo-server verify-receipt` and any other program can check.
pub(super) async fn file(
    State(app): State<App>,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let signed = find(&app, &number).await?;
    let text = signed.to_text().map_err(|error| Problem::internal(error.to_string()))?;
    let name = format!("attachment; filename=\"receipt-{}.json\"", signed.number);
    let kind = "application/json; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &name)], text).into_response())
}

async fn find(app: &App, number: &str) -> Result<SignedReceipt, Problem> {
    app.stack.kolo.receipts().by_number(number).await.map_err(|error| match error {
        Error::NoSuchReceipt => Problem::not_found("no receipt with that number"),
        error => error.into(),
    })
}
