//! A channel that keeps what it was given.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::port::channel::{Capabilities, Contact, OutboundMessage};
use crate::port::{MessageChannel, PortError};

/// Keeps messages instead of sending them, each id once. Clones share what was sent.
#[derive(Clone, Debug)]
pub struct RecordingChannel {
    name: String,
    capabilities: Capabilities,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<OutboundMessage>,
    attempts: usize,
}

impl RecordingChannel {
    /// A channel with three buttons and 4096 characters of text, like WhatsApp.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::with_capabilities(name, Capabilities { buttons: 3, text: 4096 })
    }

    /// A channel that can show this much.
    #[must_use]
    pub fn with_capabilities(name: &str, capabilities: Capabilities) -> Self {
        Self { name: name.to_owned(), capabilities, state: Arc::default() }
    }

    /// What was sent, in order, each id once.
    #[must_use]
    pub fn sent(&self) -> Vec<OutboundMessage> {
        self.lock().sent.clone()
    }

    /// What was sent to one contact, in order.
    #[must_use]
    pub fn sent_to(&self, contact: &Contact) -> Vec<OutboundMessage> {
        self.lock().sent.iter().filter(|message| message.to == *contact).cloned().collect()
    }

    /// How often a message was handed over, repetitions included.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.lock().attempts
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MessageChannel for RecordingChannel {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn send(&self, message: &OutboundMessage) -> Result<(), PortError> {
        let mut state = self.lock();
        state.attempts += 1;
        if !state.sent.iter().any(|sent| sent.id == message.id) {
            state.sent.push(message.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn a_message_is_recorded_once() {
        let channel = RecordingChannel::new("web");
        let contact =
            |address: &str| Contact { channel: "web".to_owned(), address: address.to_owned() };
        let message = |id: &str, to| OutboundMessage {
            id: id.to_owned(),
            to: contact(to),
            text: "hi".to_owned(),
            buttons: Vec::new(),
        };
        for (id, to) in [("1", "ada"), ("2", "ben"), ("1", "ada"), ("3", "ada")] {
            block_on(channel.send(&message(id, to))).unwrap();
        }
        assert_eq!(channel.clone().sent().len(), 3);
        assert_eq!(channel.sent_to(&contact("ada")), [message("1", "ada"), message("3", "ada")]);
        assert_eq!(channel.attempts(), 4);
    }
}
