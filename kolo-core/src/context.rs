//! Who commands, and under which key.
use serde::{Deserialize, Serialize};

use crate::{MemberId, TenantId};

/// Who gives a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Actor {
    /// A member, by their own word (a message, a tap, an authenticated call).
    Member(MemberId),
    /// The host's own code on nobody's behalf: registration, timers, the follower.
    System,
}

/// Comes with every command that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandContext {
    /// Whose.
    pub tenant: TenantId,
    /// By whom.
    pub actor: Actor,
    /// The same key and command again is the same command: it returns the first answer.
    pub key: String,
    /// Ties logs, events and chain transactions to what started them (a message id).
    pub correlation: String,
}

impl CommandContext {
    /// A member's command in the single-brand tenant, correlated by its key.
    #[must_use]
    pub fn of_member(member: MemberId, key: impl Into<String>) -> Self {
        let key = key.into();
        Self {
            tenant: TenantId::default(),
            actor: Actor::Member(member),
            correlation: key.clone(),
            key,
        }
    }

    /// The host's own command in the single-brand tenant, correlated by its key.
    #[must_use]
    pub fn of_system(key: impl Into<String>) -> Self {
        let key = key.into();
        Self { tenant: TenantId::default(), actor: Actor::System, correlation: key.clone(), key }
    }

    /// The member who commands.
    ///
    /// # Errors
    /// [`crate::Error::NotAllowed`] when it is the system.
    pub fn member(&self) -> Result<MemberId, crate::Error> {
        match self.actor {
            Actor::Member(id) => Ok(id),
            Actor::System => Err(crate::Error::NotAllowed),
        }
    }
}
