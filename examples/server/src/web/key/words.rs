//! What is refused, in words for the page.
use axum::http::StatusCode;
use kolo_core::{Cap, Error};

use crate::demo::spell;

/// Status and sentence; what only an operator can mend is in the log.
pub(super) fn refusal(error: &Error) -> (StatusCode, String) {
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let (status, text) = match error {
        Error::PageClosed => (StatusCode::GONE, "This link is used or has ended."),
        Error::SecondFactor => (
            refused,
            "That code did not fit. Each code works once and for half a minute: wait for the next one. After five wrong codes in a row the page takes none for a day.",
        ),
        Error::FactorLocked { until } => {
            let text = format!(
                "There were five wrong codes in a row. Nothing was handed out, and no code is taken until {}.",
                spell(*until)
            );
            return (StatusCode::TOO_MANY_REQUESTS, text);
        }
        Error::NoFactor => (refused, "Your authenticator is not ready yet."),
        Error::WalletInUse { why } => {
            return (refused, format!("Your wallet is still needed: {why}. {}", advice(why)));
        }
        Error::NotReady => (
            refused,
            "Your wallet is not open on the network, so there is nothing to change. It opens with your first money or your first group.",
        ),
        Error::UnderWay => {
            (refused, "That is on its way already. You will hear of it in the chat.")
        }
        Error::KeyReused => (
            refused,
            "This form was sent before, and what it gave is not given twice. Go back to the page and fill it in anew.",
        ),
        Error::BadText { field: "passphrase", .. } => (
            refused,
            "The passphrase must have 12 to 256 characters: four or five words do. No code was used up.",
        ),
        Error::BadText { .. } => (refused, "Please fill the form in again."),
        Error::CapReached { cap: Cap::Exports, .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "The key was asked for five times today, the most in one day. Come back tomorrow.",
        ),
        Error::NotAvailable => (StatusCode::NOT_FOUND, "There is no such page here."),
        Error::Forbidden { .. } => {
            (StatusCode::FORBIDDEN, "The operator does not permit this now.")
        }
        error => {
            tracing::error!(%error, code = error.code(), "the page of a key could not be answered");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "Something went wrong here. Nothing was handed out. Please try again in a minute.",
            )
        }
    };
    (status, text.to_owned())
}

/// What to do about what is in the way of closing.
pub(super) fn advice(why: &str) -> &'static str {
    match why {
        why if why.contains("money") => {
            "Take your key out, send the money from a wallet app of your own to where you want it, then come back."
        }
        why if why.contains("payment") => "Wait a minute until it has arrived, then come back.",
        _ => {
            "Wait until your groups are over, or leave them in the chat: send LEAVE, SELL PLACE or REPAY. Then come back."
        }
    }
}
