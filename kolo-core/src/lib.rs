//! Group savings as a library.
//!
//! `kolo-core` holds the domain (members, circles, money, conversation), the services a product
//! calls, and the [ports](port) behind which databases, chains, vaults and channels live. It does no
//! I/O and needs no particular executor.
mod cap;
pub mod chart;
pub mod circle;
mod code;
mod context;
#[cfg(feature = "conversation")]
pub mod conversation;
mod error;
pub mod events;
mod follower;
pub mod id;
mod intent;
mod invitation;
mod kolo;
pub mod member;
pub mod money;
pub mod notice;
pub mod offer;
pub mod port;
pub mod receipt;
mod record;
#[cfg(feature = "simulation")]
pub mod simulation;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod time;
mod unit;
pub mod view;
pub mod wallet;
pub mod worker;

pub use cap::{Cap, Caps};
pub use context::{Actor, CommandContext};
pub use error::{Error, ErrorCode, amount_code, parse_amount_code, refusal_code};
pub use follower::{Following, Gap, RawEvent, RawEventPage};
pub use id::{CircleId, IntentId, InvitationId, MemberId, OfferId, TenantId};
pub use intent::{ChannelAccount, ChannelState};
pub use kolo::{Kolo, MOST_CHANNELS, OperatorKeys, Ports, Settings};
pub use kolo_rules::Amount;
pub use money::{AllowedAsset, Asset, AssetList, AssetListError, AssetsDiffer, Money};
pub use time::Timestamp;
