//! The channels as a host sees them.
use serde::Serialize;

use super::channel::{Channel, Standing};
use crate::port::chain::ChainAddress;
use crate::{Error, Kolo};

/// An account beside the keeper's that sends what nobody signs for. It holds no money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelAccount {
    /// Its number, from 1.
    pub number: u16,
    /// Its address.
    pub address: ChainAddress,
    /// What it is doing.
    pub state: ChannelState,
}

/// What a channel is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChannelState {
    /// It is not on the network, and not asked for.
    Unopened,
    /// It is being opened.
    Opening,
    /// It waits for something to send.
    Free,
    /// It has sent something whose fate is not known yet.
    Sending,
}

impl Kolo {
    /// The channel accounts that were ever asked for, by number: for health checks. The keeper is none of them.
    ///
    /// # Errors
    /// The ledger's failure.
    pub async fn channel_accounts(&self) -> Result<Vec<ChannelAccount>, Error> {
        let numbers: Vec<u16> = (1..=self.settings().channels).collect();
        let found = self.channels(&numbers).await?;
        let made = found.into_iter().filter(|channel| channel.version > 0);
        Ok(made.map(|channel| view(channel.state)).collect())
    }
}

fn view(channel: Channel) -> ChannelAccount {
    let state = match channel.standing {
        Standing::Unopened { .. } => ChannelState::Unopened,
        Standing::Opening => ChannelState::Opening,
        Standing::Free => ChannelState::Free,
        Standing::Held { .. } => ChannelState::Sending,
    };
    ChannelAccount { number: channel.number, address: channel.address, state }
}
