//! A phone.
use std::sync::Arc;

use futures::FutureExt;

use super::desk::FakeDesk;
use super::world::{NOW, contact};
use crate::conversation::catalogue::Catalogue;
use crate::conversation::dialogue::{AfterTurn, Dialogue, Turn, speech};
use crate::conversation::message;
use crate::conversation::reply::Reply;
use crate::conversation::session::Session;
use crate::port::channel::{Contact, InboundMessage, OutboundMessage};
use crate::{Error, Timestamp};

/// What one message led to.
#[derive(Clone, Debug)]
pub struct Heard {
    pub reply: Option<Reply>,
    pub shown: Option<OutboundMessage>,
    pub after: Option<AfterTurn>,
}

impl Heard {
    pub fn text(&self) -> &str {
        self.shown.as_ref().map_or("", |message| message.text.as_str())
    }

    pub fn button(&self, label: &str) -> String {
        let buttons = self.shown.iter().flat_map(|message| &message.buttons);
        let found = buttons.clone().find(|button| button.label == label);
        found.unwrap_or_else(|| panic!("no button {label:?} in {self:?}")).id.clone()
    }
}

/// One person's phone.
pub struct Chat {
    pub desk: FakeDesk,
    pub dialogue: Dialogue,
    pub session: Session,
    pub now: Timestamp,
    pub from: Contact,
    pub name: Option<String>,
    messages: u32,
}

impl Chat {
    /// Ada's, who has said hello before.
    pub fn new(desk: FakeDesk) -> Self {
        let session = Session { turn: 1, ..Session::default() };
        Self { session, ..Self::of_a_stranger(desk, "Ada", None) }
    }

    pub fn of_a_stranger(desk: FakeDesk, address: &str, name: Option<&str>) -> Self {
        Self {
            desk,
            dialogue: Dialogue::new(Arc::new(Catalogue::english()), Some("NG".to_owned())),
            session: Session::default(),
            now: NOW,
            from: contact(address),
            name: name.map(str::to_owned),
            messages: 0,
        }
    }

    pub fn say(&mut self, text: &str) -> Heard {
        let inbound = self.inbound(text, None);
        self.deliver(&inbound)
    }

    pub fn tap(&mut self, button: &str) -> Heard {
        let inbound = self.inbound("(a button)", Some(button.to_owned()));
        self.deliver(&inbound)
    }

    pub fn inbound(&mut self, text: &str, button: Option<String>) -> InboundMessage {
        self.messages += 1;
        InboundMessage {
            id: format!("m{}", self.messages),
            from: self.from.clone(),
            name: self.name.clone(),
            phone: None,
            text: text.to_owned(),
            button,
        }
    }

    /// Every turn keeps the promises: one reply or an outcome to come, within the lengths.
    pub fn deliver(&mut self, inbound: &InboundMessage) -> Heard {
        let turn = self.try_deliver(inbound).expect("the desk answers");
        self.session = turn.session.clone();
        assert!(turn.reply.is_some() != turn.after.is_some(), "one reply: {turn:?}");
        let shown = turn.reply.as_ref().map(|reply| {
            let catalogue = self.dialogue.catalogue();
            let to = inbound.from.clone();
            message::reply(
                catalogue,
                &turn.asset.as_ref().map_or(speech(&self.desk), |of| speech(&self.desk).of(of)),
                reply,
                &turn.session,
                "out".to_owned(),
                to,
            )
        });
        if let Some(message) = &shown {
            let length = message.text.chars().count();
            let most = if message.buttons.is_empty() { 4_096 } else { 1_024 };
            assert!((1..=most).contains(&length), "{length} characters: {message:?}");
            assert!(message.buttons.len() <= 3);
            for button in &message.buttons {
                assert!(
                    (1..=20).contains(&button.label.chars().count()) && button.id.len() <= 256,
                    "{button:?}"
                );
            }
        }
        Heard { reply: turn.reply, shown, after: turn.after }
    }

    pub fn try_deliver(&self, inbound: &InboundMessage) -> Result<Turn, Error> {
        let turn = self.dialogue.turn(&self.desk, self.session.clone(), inbound, self.now);
        turn.now_or_never().expect("nothing waits")
    }
}
