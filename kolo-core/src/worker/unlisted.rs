//! Circles that save in what is no longer on the host's list: said when the worker starts.
use crate::circle::state::Circle;
use crate::{CircleId, Error, Kolo};

/// Circles looked at in one go.
const PAGE: usize = 100;

impl Kolo {
    /// They go on, and their books meet the chain, but payments from and to the outside are seen only by the
    /// comparison of wallets: the list is to be put right.
    pub(super) async fn warn_of_unlisted(&self) {
        match self.unlisted().await {
            Ok(circles) => {
                for (circle, asset) in circles {
                    tracing::error!(%circle, asset, "a circle saves in what is not on the list of assets: put it back");
                }
            }
            Err(error) => tracing::warn!(%error, "what circles save in could not be looked at"),
        }
    }

    /// Circles that are not finished, each with the key of what it saves in.
    pub(super) async fn unlisted(&self) -> Result<Vec<(CircleId, String)>, Error> {
        let (mut unlisted, mut after) = (Vec::new(), None);
        loop {
            let page = self.list::<Circle>(after, PAGE).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|last| last.id.id.clone());
            for circle in page {
                let Circle { id, asset, .. } = &circle.state;
                if self.assets().find(asset).is_none() && !circle.state.mirror()?.is_finished() {
                    unlisted.push((*id, asset.key()));
                }
            }
            if after.is_none() {
                return Ok(unlisted);
            }
        }
    }
}
