//! Group savings as a library.
//!
//! `kolo-core` holds the domain (members, circles, money, conversation), the services a product
//! calls, and the [ports](port) behind which databases, chains, vaults and channels live. It does no
//! I/O and needs no particular executor.
pub mod id;
pub mod money;
pub mod port;
pub mod time;

pub use id::{CircleId, IntentId, InvitationId, MemberId, TenantId};
pub use kolo_rules::Amount;
pub use money::{Asset, Money};
pub use time::Timestamp;
