//! Chain transactions as people can read them.
use std::collections::BTreeMap;

use kolo_core::port::vault::PublicKey;
use kolo_core::port::{PortError, PortErrorKind, Retry};
use kolo_core::{Error, Timestamp};
use kolo_localnet::explain::Explanation;
use kolo_localnet::{NetworkError, TxRecord};
use serde_json::{Value, json};

use super::state::MOST_CIRCLES;
use crate::demo::spell;
use crate::stack::Stack;

/// Transactions listed.
const MOST_LISTED: usize = 30;

/// Ledgers looked through first; four times as many where those do not have enough.
const FIRST_WINDOW: u32 = 64;

/// Addresses and whose they are.
type Names = BTreeMap<String, String>;

/// The latest transactions, newest first; none when the network does not answer.
pub(super) async fn recent(stack: &Stack) -> Value {
    match list(stack).await {
        Ok(list) => list,
        Err(error) => {
            tracing::error!(%error, "the transactions cannot be listed");
            json!([])
        }
    }
}

async fn list(stack: &Stack) -> Result<Value, Error> {
    let names = names(stack).await?;
    let records = latest_records(stack).await.map_err(unavailable)?;
    let lines = records.iter().rev().take(MOST_LISTED).map(|record| {
        let words = Explanation::of(record);
        json!({
            "hash": words.hash,
            "ledger": words.ledger,
            "time": spell(Timestamp::from_unix(words.close_time)),
            "summary": named(&words.summary, &names),
            "successful": words.successful,
            "result": words.result,
        })
    });
    Ok(lines.collect())
}

/// At least as many as are listed, if there are, oldest first.
async fn latest_records(stack: &Stack) -> Result<Vec<TxRecord>, NetworkError> {
    let Some(network) = &stack.network else { return Ok(Vec::new()) };
    let latest = network.latest().await?.sequence();
    let mut window = FIRST_WINDOW;
    loop {
        let start = latest.saturating_sub(window).max(1);
        let found = network.transactions(start..=latest, None, usize::MAX).await?;
        if found.len() >= MOST_LISTED || start == 1 {
            return Ok(found);
        }
        window = window.saturating_mul(4);
    }
}

/// One transaction: operations, events, fee. `None` when the hash is of none, or is no hash.
pub(super) async fn page(stack: &Stack, hash: &str) -> Result<Option<Value>, Error> {
    let hash = data_encoding::HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok();
    let Some(hash) = hash.and_then(|hash| <[u8; 32]>::try_from(hash).ok()) else {
        return Ok(None);
    };
    let Some(network) = &stack.network else { return Ok(None) };
    let Some(record) = network.transaction(hash).await.map_err(unavailable)? else {
        return Ok(None);
    };
    let names = names(stack).await?;
    let mut words = Explanation::of(&record);
    words.summary = named(&words.summary, &names);
    for operation in &mut words.operations {
        operation.summary = named(&operation.summary, &names);
    }
    for event in &mut words.events {
        event.meaning = event.meaning.as_deref().map(|meaning| named(meaning, &names));
    }
    let mut page = json!(words);
    page["time"] = json!(spell(Timestamp::from_unix(record.close_time)));
    page["names"] = json!(names);
    Ok(Some(page))
}

/// Whose the addresses are: members, circles, the operator.
async fn names(stack: &Stack) -> Result<Names, Error> {
    let mut names = Names::new();
    for phone in stack.chat.phones() {
        if let Some(member) = stack.kolo.members().by_contact(&phone.contact()).await? {
            names.insert(member.address.0, member.name);
        }
    }
    for circle in stack.kolo.circles().list(None, MOST_CIRCLES).await? {
        names.insert(circle.address.0, circle.name);
    }
    let operator = stack.kolo.operator();
    let keys = [
        ("sponsor of reserves", Some(operator.sponsor)),
        ("payer of fees", Some(operator.fees)),
        ("keeper", Some(operator.keeper)),
        ("signer of receipts", Some(operator.receipts)),
        ("issuer of test dollars", operator.issuer),
    ];
    names.extend(keys.into_iter().filter_map(|(name, key)| Some((account(key?), name.to_owned()))));
    names.insert(stack.factory.0.clone(), "factory of circles".to_owned());
    Ok(names)
}

fn account(PublicKey(key): PublicKey) -> String {
    stellar_strkey::ed25519::PublicKey(key).to_string().as_str().to_owned()
}

/// Names in the place of the shortened addresses of a one-line summary.
fn named(line: &str, names: &Names) -> String {
    names.iter().fold(line.to_owned(), |line, (address, name)| {
        match (address.get(..4), address.get(address.len().saturating_sub(4)..)) {
            (Some(head), Some(tail)) => line.replace(&format!("{head}…{tail}"), name),
            _ => line,
        }
    })
}

fn unavailable(error: NetworkError) -> Error {
    let what = "the embedded network does not answer";
    PortError::new(PortErrorKind::Unavailable, Retry::Temporary, what).because(error).into()
}
