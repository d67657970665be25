//! What is asked of `getEvents`: five filters of five topics are all that one question may have, and
//! there are more events than that, so there are several questions.
use kolo_core::port::PortError;
use serde_json::{Value, json};
use stellar_xdr::{ScVal, WriteXdr};

use super::decode::GROUP_CREATED;
use super::spec;
use crate::address::invalid;
use crate::config::Network;
use crate::rpc::XDR_LIMITS;
use crate::scval::symbol;

/// Topics one filter holds.
const TOPICS_PER_FILTER: usize = 5;

/// Filters one question holds.
const FILTERS_PER_QUESTION: usize = 5;

/// Our factory's announcements, the circles' events by the names of the specification from any contract (which circles are
/// ours, the caller knows), and the assets' movements.
pub(crate) fn filters(network: &Network) -> Result<Vec<Value>, PortError> {
    let assets: Vec<String> =
        network.assets.iter().map(|known| known.contract.to_string()).collect();
    let mut filters = vec![
        json!({
            "type": "contract",
            "contractIds": [network.factory.to_string()],
            "topics": topics(&[GROUP_CREATED])?,
        }),
        json!({
            "type": "contract",
            "contractIds": assets,
            "topics": topics(&["transfer", "mint", "burn", "clawback"])?,
        }),
    ];
    let names = spec::names();
    let names: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| *name != GROUP_CREATED).collect();
    for names in names.chunks(TOPICS_PER_FILTER) {
        filters.push(json!({ "type": "contract", "topics": topics(names)? }));
    }
    let questions = filters.chunks(FILTERS_PER_QUESTION);
    Ok(questions.map(|filters| Value::Array(filters.to_vec())).collect())
}

/// By the first topic, whatever follows.
fn topics(names: &[&str]) -> Result<Vec<Value>, PortError> {
    let topic = |name: &&str| {
        let text = ScVal::Symbol(symbol(name)?)
            .to_xdr_base64(XDR_LIMITS)
            .map_err(|e| invalid("an event's name does not fit").because(e))?;
        Ok(json!([text, "**"]))
    };
    names.iter().map(topic).collect()
}
