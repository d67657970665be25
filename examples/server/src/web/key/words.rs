//! What is refused, in words for the page.
use axum::http::StatusCode;
use kolo_core::wallet::StillNeeded;
use kolo_core::{Cap, Error};

use crate::demo::spell;

/// Status and sentence, where keys are handed out or not; what only an operator can mend is in the log.
pub(super) fn refusal(error: &Error, exports: bool) -> (StatusCode, String) {
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let (status, text) = match error {
        Error::PageClosed => (StatusCode::GONE, "This link is used or has ended."),
        Error::SecondFactor => (
            refused,
            "That code did not fit. Each code works once and for half a minute: wait for the next one. After five wrong codes in a row the page takes none for a day.",
        ),
        Error::FactorLocked { until } => {
            let text = format!(
                "There were five wrong codes in a row. No code is taken until {}.",
                spell(*until)
            );
            return (StatusCode::TOO_MANY_REQUESTS, text);
        }
        Error::NoFactor => (refused, "Your authenticator is not ready yet."),
        Error::WalletInUse { why } => {
            return (refused, format!("Your wallet is still needed: {}", needed(*why, exports)));
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
                "Something went wrong here. The chat says what has happened.",
            )
        }
    };
    (status, text.to_owned())
}

/// What is in the way of closing, and what to do about it; where keys are handed out, also with one's key.
pub(super) fn needed(why: StillNeeded, exports: bool) -> &'static str {
    match (why, exports) {
        (StillNeeded::Money, true) => {
            "money is in it. Take your key out, send the money from a wallet app of your own to where you want it, then come back."
        }
        (StillNeeded::Money, false) => {
            "money is in it, and keys are not handed out here. Put it into a group, or ask whoever runs this service to send it where you want it, then come back."
        }
        (StillNeeded::Payment, _) => {
            "a payment of yours is under way. Wait a minute until it has arrived, then come back."
        }
        (StillNeeded::Circle, _) => {
            "a group of yours is not settled. Wait until it is over, or leave it in the chat: send LEAVE, SELL PLACE or REPAY. Then come back."
        }
        (StillNeeded::Joining, _) => {
            "you are joining a group. Wait until you sit in it, or leave it in the chat: send LEAVE. Then come back."
        }
        (_, _) => "something of yours is under way. Come back later.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_way_is_said_to_her_and_takes_no_key_that_is_not_given() {
        use StillNeeded::{Circle, Joining, Money, Payment};
        let all = [Money, Payment, Circle, Joining];
        for (why, exports) in all.into_iter().flat_map(|why| [(why, true), (why, false)]) {
            let (_, said) = refusal(&Error::WalletInUse { why }, exports);
            assert!(!said.contains("circle") && !said.contains("their"), "{said}");
            assert!(said.contains("come back") || said.contains("Come back"), "{said}");
            assert_eq!(said.contains("Take your key out"), why == Money && exports, "{said}");
        }
    }

    #[test]
    fn an_unknown_failure_claims_nothing_about_the_key() {
        let (status, said) = refusal(&Error::Contention, true);
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(said, "Something went wrong here. The chat says what has happened.");
    }
}
