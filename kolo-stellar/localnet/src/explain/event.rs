//! Events in words.

use stellar_xdr::{ContractEventBody, ContractEventV0, ScVal, TransactionMeta};

use super::ExplainedEvent;
use super::value::{contract, seven_decimals, short, text};
use crate::model::{EventRecord, EventStage};

pub(super) fn explain(record: &EventRecord) -> ExplainedEvent {
    let ContractEventBody::V0(body) = &record.event.body;
    ExplainedEvent {
        id: record.position.id(),
        stage: match record.stage {
            EventStage::BeforeAllTransactions => "fee".to_owned(),
            EventStage::Operation(index) => format!("operation {}", index.saturating_add(1)),
            EventStage::AfterAllTransactions => "refund".to_owned(),
        },
        contract: record.event.contract_id.as_ref().map(contract),
        name: name(body),
        meaning: meaning(body),
        topics: body.topics.iter().map(text).collect(),
        data: text(&body.data),
    }
}

fn name(body: &ContractEventV0) -> Option<String> {
    match body.topics.first()? {
        ScVal::Symbol(symbol) => Some(String::from_utf8_lossy(symbol.as_slice()).into_owned()),
        _ => None,
    }
}

/// An asset's event (CAP-67) ends its topics with the asset, `CODE:ISSUER` or `native`, and has the
/// amount as its data, or in a map beside a memo.
fn meaning(body: &ContractEventV0) -> Option<String> {
    let name = name(body)?;
    let asset = match (name.as_str(), body.topics.last()?) {
        ("fee", _) => "native".to_owned(),
        (_, ScVal::String(asset)) => String::from_utf8_lossy(asset.as_slice()).into_owned(),
        _ => return None,
    };
    let code = match asset.split_once(':') {
        Some((code, _)) => code,
        None if asset == "native" => "XLM",
        None => return None,
    };
    let amount = amount_of(&body.data)?;
    let money = format!("{} {code}", seven_decimals(amount));
    let who = |index: usize| body.topics.get(index).map(|value| short(&text(value)));
    Some(match name.as_str() {
        "transfer" => format!("transfer {money} from {} to {}", who(1)?, who(2)?),
        "mint" => format!("mint {money} to {}", who(1)?),
        "burn" => format!("burn {money} of {}", who(1)?),
        "clawback" => format!("claw back {money} from {}", who(1)?),
        "fee" if amount < 0 => format!("give back {} XLM to {}", seven_decimals(-amount), who(1)?),
        "fee" => format!("fee {money} from {}", who(1)?),
        _ => return None,
    })
}

fn amount_of(data: &ScVal) -> Option<i128> {
    match data {
        ScVal::I128(parts) => Some((i128::from(parts.hi) << 64) | i128::from(parts.lo)),
        ScVal::Map(Some(entries)) => entries
            .iter()
            .find(|entry| text(&entry.key) == "amount")
            .and_then(|entry| match &entry.val {
                ScVal::I128(_) => amount_of(&entry.val),
                _ => None,
            }),
        _ => None,
    }
}

/// The errors among the diagnostic events.
pub(super) fn errors(meta: &TransactionMeta) -> Vec<String> {
    let TransactionMeta::V4(meta) = meta else {
        return Vec::new();
    };
    let bodies = meta.diagnostic_events.iter().map(|diagnostic| {
        let ContractEventBody::V0(body) = &diagnostic.event.body;
        body
    });
    bodies
        .filter(|body| name(body).as_deref() == Some("error"))
        .map(|body| {
            let topics = body.topics.iter().skip(1).map(text).collect::<Vec<_>>();
            format!("{}: {}", topics.join(", "), text(&body.data))
        })
        .collect()
}
