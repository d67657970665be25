//! The chat: text or a tap in, one reply out.
//!
//! ```text
//! webhook ─► receive ─► inbound work ─► Dialogue::turn ─► services
//!                                         │ Reply
//!                                         ▼
//!                 notice work ─► Catalogue (Fluent) ─► outbound work ─► MessageChannel
//! ```
//!
//! The parser is deterministic; no command that moves money runs without a YES to a question that
//! showed what would happen. Nothing here does I/O besides the services and one change set per
//! item of work.
mod amount;
mod catalogue;
mod clean;
mod command;
mod desk;
mod dialogue;
#[cfg(test)]
mod fake;
mod interval;
mod message;
mod parser;
mod phone;
mod reply;
mod session;
mod words;
mod worker;

pub use amount::{AmountProblem, parse as parse_amount};
pub use catalogue::{Catalogue, Speech};
pub use command::{Command, GroupWords, RoleWord, Target, Whom};
pub use desk::{Desk, GroupDesk, OfferDesk, PeopleDesk, RoundDesk};
pub use dialogue::{AfterTurn, Dialogue, Turn};
pub use parser::parse as parse_command;
pub use phone::{PhoneProblem, parse as parse_phone};
pub use reply::{
    Act, GroupPosition, Home, Moving, Newcomer, OfficerLine, Payment, Remark, Reply, Selling,
};
pub use session::Session;
pub use words::Words;
pub use worker::{ConversationWorker, receive};
