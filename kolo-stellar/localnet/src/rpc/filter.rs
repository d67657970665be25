//! Which events a `getEvents` request asks for.

use serde::Deserialize;
use stellar_xdr::{ContractEvent, ContractEventBody, ContractEventType, ContractId, Hash, ScVal};

use super::jsonrpc::RpcError;
use super::wire;

/// Filters of one request, contract ids of one filter, topic filters of one filter.
const MAX_EACH: usize = 5;
/// Topics an event can have.
const MAX_TOPICS: usize = 4;

/// A filter as it arrives; [`EventFilter::parse`] makes sense of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawFilter {
    #[serde(rename = "type")]
    kind: Option<String>,
    contract_ids: Option<Vec<String>>,
    topics: Option<Vec<Vec<String>>>,
}

/// Events of these types, from these contracts, with topics of one of these forms. What is empty
/// restricts nothing.
#[derive(Debug)]
pub(super) struct EventFilter {
    kinds: Vec<ContractEventType>,
    contracts: Vec<ContractId>,
    topics: Vec<TopicFilter>,
}

/// One form of topics: a test for each, and whether more may follow (`**` at the end).
#[derive(Debug)]
struct TopicFilter {
    segments: Vec<Segment>,
    open_ended: bool,
}

#[derive(Debug)]
enum Segment {
    Any,
    Exactly(ScVal),
}

/// Reads all filters of a request.
///
/// # Errors
/// [`RpcError::invalid_params`] naming the filter, the topic and the segment that does not fit.
pub(super) fn parse_all(raw: Vec<RawFilter>) -> Result<Vec<EventFilter>, RpcError> {
    if raw.len() > MAX_EACH {
        return Err(RpcError::invalid_params(format!("maximum {MAX_EACH} filters per request")));
    }
    raw.into_iter()
        .zip(1..)
        .map(|(filter, number)| {
            EventFilter::parse(filter)
                .map_err(|why| RpcError::invalid_params(format!("filter {number} invalid: {why}")))
        })
        .collect()
}

/// Whether an event is asked for: any of the filters fits, or there is none.
pub(super) fn matches_any(filters: &[EventFilter], event: &ContractEvent) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.matches(event))
}

impl EventFilter {
    fn parse(raw: RawFilter) -> Result<Self, String> {
        let contracts = raw.contract_ids.unwrap_or_default();
        let topics = raw.topics.unwrap_or_default();
        if contracts.len() > MAX_EACH {
            return Err(format!("maximum {MAX_EACH} contract IDs per filter"));
        }
        if topics.len() > MAX_EACH {
            return Err(format!("maximum {MAX_EACH} topics per filter"));
        }
        let contracts = contracts.iter().zip(1..).map(|(id, number)| {
            let id: Result<stellar_strkey::Contract, _> = id.parse();
            id.map(|id| ContractId(Hash(id.0))).map_err(|_| format!("contract ID {number} invalid"))
        });
        let topics = topics.iter().zip(1..).map(|(topic, number)| {
            TopicFilter::parse(topic).map_err(|why| format!("topic {number} invalid: {why}"))
        });
        Ok(Self {
            kinds: kinds(raw.kind.as_deref().unwrap_or_default())?,
            contracts: contracts.collect::<Result<_, _>>()?,
            topics: topics.collect::<Result<_, _>>()?,
        })
    }

    fn matches(&self, event: &ContractEvent) -> bool {
        let ContractEventBody::V0(body) = &event.body;
        let contract_fits = || match &event.contract_id {
            Some(id) => self.contracts.contains(id),
            None => false,
        };
        (self.kinds.is_empty() || self.kinds.contains(&event.type_))
            && (self.contracts.is_empty() || contract_fits())
            && (self.topics.is_empty() || self.topics.iter().any(|t| t.matches(&body.topics)))
    }
}

fn kinds(text: &str) -> Result<Vec<ContractEventType>, String> {
    let one = |kind| match kind {
        "contract" => Ok(ContractEventType::Contract),
        "system" => Ok(ContractEventType::System),
        _ => Err("filter type invalid: if set, type must be either 'system' or 'contract'".into()),
    };
    if text.is_empty() { Ok(vec![]) } else { text.split(',').map(one).collect() }
}

impl TopicFilter {
    fn parse(segments: &[String]) -> Result<Self, String> {
        if segments.is_empty() {
            return Err("topic must have at least 1 segment".into());
        }
        let (segments, open_ended) = match segments.split_last() {
            Some((last, rest)) if last == "**" => (rest, true),
            _ => (segments, false),
        };
        if segments.len() > MAX_TOPICS {
            return Err(format!("topic cannot have more than {MAX_TOPICS} segments"));
        }
        let segments = segments.iter().zip(1..).map(|(text, number)| {
            Segment::parse(text).map_err(|why| format!("segment {number} invalid: {why}"))
        });
        Ok(Self { segments: segments.collect::<Result<_, _>>()?, open_ended })
    }

    fn matches(&self, topics: &[ScVal]) -> bool {
        let length_fits = if self.open_ended {
            topics.len() >= self.segments.len()
        } else {
            topics.len() == self.segments.len()
        };
        length_fits && self.segments.iter().zip(topics).all(|(test, topic)| test.matches(topic))
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "*" => Ok(Self::Any),
            "**" => Err("wildcard '**' is only allowed as the last segment".into()),
            _ => wire::decode(text).map(Self::Exactly).map_err(|_| {
                "expected '*', '**' at the end, or the base64 of an ScVal in XDR".into()
            }),
        }
    }

    fn matches(&self, topic: &ScVal) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(value) => value == topic,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use stellar_xdr::{ContractEventV0, ExtensionPoint};

    use super::*;

    fn symbol(text: &str) -> ScVal {
        ScVal::Symbol(text.try_into().unwrap())
    }

    fn event(contract: u8, topics: &[ScVal]) -> ContractEvent {
        ContractEvent {
            ext: ExtensionPoint::V0,
            contract_id: Some(ContractId(Hash([contract; 32]))),
            type_: ContractEventType::Contract,
            body: ContractEventBody::V0(ContractEventV0 {
                topics: topics.to_vec().try_into().unwrap(),
                data: ScVal::Void,
            }),
        }
    }

    fn filters(raw: Value) -> Result<Vec<EventFilter>, RpcError> {
        parse_all(serde_json::from_value(raw).unwrap())
    }

    fn encoded(value: &ScVal) -> String {
        wire::encode(value).unwrap()
    }

    #[test]
    fn topics_match_by_place_and_length() {
        let (a, b) = (symbol("a"), symbol("b"));
        let cases = [
            (json!([encoded(&a)]), vec![a.clone()], true),
            (json!([encoded(&a)]), vec![b.clone()], false),
            (json!([encoded(&a)]), vec![a.clone(), b.clone()], false),
            (json!(["*", encoded(&b)]), vec![a.clone(), b.clone()], true),
            (json!(["*"]), vec![], false),
            (json!([encoded(&a), "**"]), vec![a.clone()], true),
            (json!([encoded(&a), "**"]), vec![a.clone(), b.clone(), b.clone()], true),
            (json!(["**"]), vec![], true),
            (json!(["*", "*", "*", "*", "**"]), vec![a.clone(), a.clone(), a.clone(), b], true),
        ];
        for (topic, topics, expected) in cases {
            let filters = filters(json!([{ "topics": [topic] }])).unwrap();
            assert_eq!(matches_any(&filters, &event(1, &topics)), expected, "{topic}");
        }
    }

    #[test]
    fn parts_of_a_filter_must_all_fit_and_one_filter_must() {
        let contract = stellar_strkey::Contract([1; 32]).to_string().to_string();
        let a = encoded(&symbol("a"));
        let filters = filters(json!([
            { "type": "contract", "contractIds": [contract], "topics": [[a]] },
            { "type": "system" },
        ]))
        .unwrap();
        assert!(matches_any(&filters, &event(1, &[symbol("a")])));
        assert!(!matches_any(&filters, &event(2, &[symbol("a")])));
        assert!(!matches_any(&filters, &event(1, &[symbol("b")])));
        let mut system = event(2, &[]);
        system.type_ = ContractEventType::System;
        system.contract_id = None;
        assert!(matches_any(&filters, &system));
        assert!(matches_any(&[], &system));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let six = vec![json!({}); 6];
        for (raw, why) in [
            (json!(six), "maximum 5 filters"),
            (json!([{ "type": "diagnostic" }]), "type must be"),
            (json!([{ "contractIds": ["C1"] }]), "contract ID 1 invalid"),
            (json!([{ "contractIds": vec!["x"; 6] }]), "maximum 5 contract IDs"),
            (json!([{ "topics": [[]] }]), "at least 1 segment"),
            (json!([{ "topics": [["**", "*"]] }]), "only allowed as the last"),
            (json!([{ "topics": [["*", "*", "*", "*", "*"]] }]), "more than 4 segments"),
            (
                json!([{}, { "topics": [["*"], ["*", "?"]] }]),
                "filter 2 invalid: topic 2 invalid: segment 2",
            ),
        ] {
            let error = filters(raw.clone()).unwrap_err();
            assert_eq!(error.code, -32_602);
            assert!(error.message.contains(why), "{raw}: {}", error.message);
        }
    }
}
