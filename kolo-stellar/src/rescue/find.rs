//! Which circles the member is in, by the events a node still has.
use std::collections::BTreeSet;

use kolo_core::port::PortError;
use kolo_core::port::chain::ChainAddress;
use serde_json::{Value, json};
use stellar_xdr::{ScAddress, ScVal, WriteXdr};

use super::{Rescue, RescueError};
use crate::address::{account_of, invalid};
use crate::rpc::{EventsFrom, Rpc, RpcError, XDR_LIMITS};
use crate::scval::address;

/// Events of one page.
const PAGE: usize = 1000;

/// Pages of one search: a node answers for some ten thousand ledgers at a time, and keeps a week of them.
const MOST_PAGES: usize = 2_000;

/// What a search brought.
#[derive(Debug)]
pub struct Found {
    /// Circles in which something happened that names the member.
    pub circles: Vec<ChainAddress>,
    /// Contracts of a circle's form with another code, which may be upgraded circles of the member's or a
    /// stranger's trap: anybody can emit an event that names somebody.
    pub unknown: Vec<UnknownCircle>,
    /// What could not be looked at, and why.
    pub failed: Vec<(ChainAddress, RescueError)>,
    /// The oldest ledger the node could look at: a circle in which nothing has happened since is found
    /// by its address alone.
    pub since_ledger: u32,
}

/// A contract of a circle's form with a code that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCircle {
    /// Which contract.
    pub circle: ChainAddress,
    /// SHA-256 of its code, hex; see [`Rescue::trusting`].
    pub code: String,
}

impl Rescue {
    /// Contracts of a circle's form whose events name the member, as far back as the node's history
    /// goes (a week on public nodes). Each is looked at before it counts, and none of them hides another.
    ///
    /// # Errors
    /// The node's failure to tell events.
    pub async fn find(&self) -> Result<Found, RescueError> {
        let (mut since_ledger, mut named) = self.named_by(&self.rpc).await?;
        for witness in &self.witnesses {
            let (since, more) = self.named_by(witness).await?;
            since_ledger = since_ledger.min(since);
            named.extend(more);
        }
        let (circles, unknown, failed) = (Vec::new(), Vec::new(), Vec::new());
        let mut found = Found { circles, unknown, failed, since_ledger };
        for circle in named {
            match self.report(&circle).await {
                Ok(_) => found.circles.push(circle),
                Err(RescueError::UnknownCode { circle, code }) => {
                    found.unknown.push(UnknownCircle { circle, code });
                }
                Err(error) if is_none_of_ours(&error) => {}
                Err(error) => found.failed.push((circle, error)),
            }
        }
        Ok(found)
    }

    /// Contracts whose events name the member, since that node's oldest ledger.
    async fn named_by(&self, rpc: &Rpc) -> Result<(u32, BTreeSet<ChainAddress>), RescueError> {
        let filters = self.filters()?;
        let mut since = rpc.health().await?.oldest_ledger;
        let mut first = rpc.events(&EventsFrom::Ledger(since), &filters, PAGE).await;
        if let Err(RpcError::Refused { .. }) = first {
            // The oldest ledger was dropped between the two questions.
            since = rpc.health().await?.oldest_ledger;
            first = rpc.events(&EventsFrom::Ledger(since), &filters, PAGE).await;
        }
        let mut page = first?;
        let mut named = BTreeSet::new();
        for _ in 0..MOST_PAGES {
            let full = page.events.len() >= PAGE;
            named.extend(page.events.into_iter().map(|event| ChainAddress(event.contract_id)));
            let at_tip = ledger_of(&page.cursor).is_none_or(|ledger| ledger >= page.latest_ledger);
            if !full && at_tip {
                break;
            }
            page = rpc.events(&EventsFrom::Cursor(page.cursor), &filters, PAGE).await?;
        }
        Ok((since, named))
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
        RescueError::NoCircle(_) | RescueError::NotMember { .. } | RescueError::Finished(_)
    )
}

/// The ledger a cursor stands in: the upper half of its first number.
fn ledger_of(cursor: &str) -> Option<u32> {
    let (toid, _) = cursor.split_once('-')?;
    u32::try_from(toid.parse::<u64>().ok()? >> 32).ok()
}
