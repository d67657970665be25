//! A desk with canned answers, and a phone to talk to it.
mod chat;
mod desk;
mod world;

pub use chat::{Chat, Heard};
pub use desk::FakeDesk;
pub use world::*;
