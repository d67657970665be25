//! The message channel: one message to one contact.
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::PortError;

/// Who is on the other end: the platform's own id, on a named channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Contact {
    /// The channel's name: `whatsapp`, `web`, `terminal`.
    pub channel: String,
    /// The platform's own id of the person (never parsed here).
    pub address: String,
}

/// A tap target under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What comes back when it is tapped; opaque, ≤ 256 bytes.
    pub id: String,
    /// What it says; ≤ 20 characters.
    pub label: String,
}

/// One message to one contact. `id` is stable over retries: a channel that has it already sends nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundMessage {
    /// Stable id of this message.
    pub id: String,
    /// To whom.
    pub to: Contact,
    /// Plain text with WhatsApp's `*bold*` and `_italic_`.
    pub text: String,
    /// Up to `Capabilities::buttons`; the conversation never makes more.
    pub buttons: Vec<Button>,
}

/// What arrived. Stored under `id` before it is acknowledged; processed once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// The platform's own id of the message.
    pub id: String,
    /// From whom.
    pub from: Contact,
    /// The profile name the platform reports, if any.
    pub name: Option<String>,
    /// The phone number the platform vouches for, if any, in E.164.
    pub phone: Option<String>,
    /// Typed text, or the label of the tapped button.
    pub text: String,
    /// `Button::id` when a button was tapped.
    pub button: Option<String>,
}

/// What the channel can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many buttons (0: the conversation numbers the choices).
    pub buttons: usize,
    /// Longest text, in characters.
    pub text: usize,
}

/// Sends messages.
#[async_trait]
pub trait MessageChannel: Send + Sync {
    /// The channel's name, as in [`Contact::channel`].
    fn name(&self) -> &str;

    /// What it can show.
    fn capabilities(&self) -> Capabilities;

    /// Sends one message; idempotent by `message.id` as far as the platform allows.
    async fn send(&self, message: &OutboundMessage) -> Result<(), PortError>;
}
