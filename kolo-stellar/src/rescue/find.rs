//! Which circles the member is in, by the events a node still has.
use std::collections::BTreeSet;

use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use serde_json::{Value, json};
use stellar_xdr::{ScAddress, ScVal, WriteXdr};

use super::{Rescue, RescueError};
use crate::address::{account_of, invalid};
use crate::rpc::{EventsFrom, XDR_LIMITS};
use crate::scval::address;

/// Events of one page.
const PAGE: usize = 1000;

/// Pages of one search: a node answers for some ten thousand ledgers at a time, and keeps a week of them.
const MOST_PAGES: usize = 2_000;

/// What a search brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Circles in which something happened that names the member.
    pub circles: Vec<ChainAddress>,
    /// The oldest ledger the node could look at: a circle in which nothing has happened since is found
    /// by its address alone.
    pub since_ledger: u32,
}

impl Rescue {
    /// Contracts of a circle's form whose events name the member, as far back as the node's history
    /// goes (a week on public nodes). Each is looked at before it counts; one whose code is not known is
    /// left out, since anybody can emit an event that names somebody.
    ///
    /// # Errors
    /// The node's failure.
    pub async fn find(&self) -> Result<Found, RescueError> {
        let since_ledger = self.rpc.health().await?.oldest_ledger;
        let filters = self.filters()?;
        let mut from = EventsFrom::Ledger(since_ledger);
        let mut named = BTreeSet::new();
        for _ in 0..MOST_PAGES {
            let page = self.rpc.events(&from, &filters, PAGE).await?;
            let full = page.events.len() >= PAGE;
            named.extend(page.events.into_iter().map(|event| ChainAddress(event.contract_id)));
            let at_tip = ledger_of(&page.cursor).is_none_or(|ledger| ledger >= page.latest_ledger);
            if !full && at_tip {
                break;
            }
            from = EventsFrom::Cursor(page.cursor);
        }
        let mut circles = Vec::new();
        for circle in named {
            match self.report(&circle).await {
                Ok(_) => circles.push(circle),
                Err(error) if is_none_of_ours(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Found { circles, since_ledger })
    }

    /// Any event that names the member first, second of two, or first of two.
    fn filters(&self) -> Result<Value, PortError> {
        let member = address(&ScAddress::Account(account_of(self.key.public_key().0)));
        let member = base64(&member)?;
        let topics = [json!(["*", member]), json!(["*", member, "*"]), json!(["*", "*", member])];
        Ok(json!([{ "type": "contract", "topics": topics }]))
    }
}

fn base64(value: &ScVal) -> Result<String, PortError> {
    value.to_xdr_base64(XDR_LIMITS).map_err(|e| invalid("an address does not fit").because(e))
}

fn is_none_of_ours(error: &RescueError) -> bool {
    matches!(
        error,
        RescueError::NoCircle(_)
            | RescueError::UnknownCode { .. }
            | RescueError::NotMember { .. }
            | RescueError::Finished(_)
    )
}

/// The ledger a cursor stands in: the upper half of its first number.
fn ledger_of(cursor: &str) -> Option<u32> {
    let (toid, _) = cursor.split_once('-')?;
    u32::try_from(toid.parse::<u64>().ok()? >> 32).ok()
}
