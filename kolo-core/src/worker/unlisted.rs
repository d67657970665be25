//! Circles that save in what is no longer on the host's list: said when the worker starts, and to whoever asks.
use serde::{Deserialize, Serialize};

use crate::circle::state::{Circle, Contract};
use crate::{Asset, CircleId, Error, Kolo};

/// Circles looked at in one go.
const PAGE: usize = 100;

/// A circle that is not finished, and what it saves in, which is not on the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlisted {
    /// Which circle.
    pub circle: CircleId,
    /// What it saves in.
    pub asset: Asset,
}

impl Kolo {
    /// They go on, and their books meet the chain, but payments from and to the outside are seen only by the
    /// comparison of wallets: the list is to be put right.
    pub(super) async fn warn_of_unlisted(&self) {
        match self.unlisted().await {
            Ok(circles) => {
                for Unlisted { circle, asset } in circles {
                    tracing::error!(%circle, asset = asset.key(), "a circle saves in what is not on the list of assets: put it back");
                }
            }
            Err(error) => tracing::warn!(%error, "what circles save in could not be looked at"),
        }
    }

    /// Circles that are not finished and save in what is not on the list: put it back. They are paid as before,
    /// but payments of it are found later and without their sender. For a monitor: it reads every circle.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn unlisted(&self) -> Result<Vec<Unlisted>, Error> {
        let (mut unlisted, mut after) = (Vec::new(), None);
        loop {
            let page = self.list::<Circle>(after, PAGE).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.id.id.clone());
            for circle in page {
                let Circle { id, asset, .. } = &circle.state;
                if self.assets().find(asset).is_none() && goes_on(&circle.state) {
                    unlisted.push(Unlisted { circle: *id, asset: asset.clone() });
                }
            }
            if after.is_none() {
                return Ok(unlisted);
            }
        }
    }
}

/// One that was never made has nothing to go on with; of one of other code nothing is settled here any more. One
/// that cannot be read may go on: what it is kept as keeps no other from being named.
fn goes_on(circle: &Circle) -> bool {
    match circle.contract {
        Contract::Failed | Contract::Foreign => false,
        Contract::Creating | Contract::Live => {
            circle.mirror().map_or(true, |mirror| !mirror.is_finished())
        }
    }
}
