//! What a host does when something happens in a circle.
use async_trait::async_trait;

use super::PortError;
use crate::events::CircleEvent;

/// Registered with [`Worker::on_event`](crate::worker::Worker::on_event).
///
/// Guarantees given to a handler: it gets every event of its kinds, one at a time, in the order of
/// commits, under [`CircleEvent::id`]; after `Ok` it does not get that event again, unless the process
/// ended before this was written down. Who must not do a thing twice keeps the id with it.
#[async_trait]
pub trait EventHandler: Send + Sync {
    /// Does what is to be done about it.
    ///
    /// # Errors
    /// It gets the event again, later and later, and nothing after it meanwhile; after an hour
    /// of that, or the third [`Retry::Permanent`](super::Retry::Permanent), the event is a dead letter
    /// ([`Kolo::dead_letters`](crate::Kolo::dead_letters)) and the next one comes. Other handlers and the
    /// worker go on.
    async fn handle(&self, event: &CircleEvent) -> Result<(), PortError>;
}
