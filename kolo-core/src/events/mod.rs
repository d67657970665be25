//! What happened in circles, for the host: read in the order of commits, or handed to its handlers.
//!
//! ```text
//! contract ─► follower ─► one change set: books, mirror, receipt … and the event
//!                                                                      │
//!                  Kolo::events(cursor, limit) ◄───────────────────────┤
//!                  EventHandler ◄── Worker::on_event ◄─────────────────┘
//! ```
//!
//! Both deliver at least once. Every event has an [`CircleEvent::id`] of its own: who remembers it with
//! what they did does it once.
mod event;
mod kind;

pub use crate::follower::{Following, Gap, RawEvent, RawEventPage, Unbooked};
pub use crate::port::events::EventHandler;
pub use event::{CircleEvent, EventPage, Happened};
pub use kind::EventKind;
