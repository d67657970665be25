//! Which protocols of the network this client was made for.
use std::ops::RangeInclusive;

use kolo_core::error_codes;
use kolo_core::port::{PortError, PortErrorKind, Retry};

/// Protocol versions this client works on.
pub const PROTOCOLS: RangeInclusive<u32> = 26..=30;

/// The network is on a protocol this client was not made for: what it would sign could mean something
/// else there. The source of the [`PortError`] that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the network is on protocol {found}, this client works on {} to {}: use the version made for it",
    PROTOCOLS.start(),
    PROTOCOLS.end()
)]
pub struct UnknownProtocol {
    /// The network's protocol; 0 when the node does not say.
    pub found: u32,
}

error_codes! {
    struct UnknownProtocol = "chain.unknown_protocol" Permanent:
        "the network is on a protocol this client was not made for",
        "use the version of kolo-stellar made for it";
}

/// Refuses networks outside [`PROTOCOLS`].
pub(crate) fn check(found: u32) -> Result<(), PortError> {
    if PROTOCOLS.contains(&found) {
        return Ok(());
    }
    let error = UnknownProtocol { found };
    let context = format!("connecting: {error}");
    Err(PortError::new(PortErrorKind::Invalid, Retry::Permanent, context).because(error))
}
