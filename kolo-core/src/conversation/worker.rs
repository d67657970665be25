//! The worker's side: inbox and outbox of the conversation, and its notices.
//!
//! Each call works one claimed item and ends its claim by one change set (or by giving it back as
//! done); when it returns an error, the item is still claimed and its worker gives it back for later.
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::desk::Desk;
use super::dialogue::{Dialogue, Turn, speech};
use super::reply::Reply;
use super::session::Session;
use super::{clean, message, parser};
use crate::circle::state::Circle;
use crate::notice::Notice;
use crate::port::channel::{Contact, InboundMessage, MessageChannel, OutboundMessage};
use crate::port::work::{ClaimedWork, Release};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::record::{self, Loaded};
use crate::unit::{Changes, Command, Told, queue};
use crate::wallet::page::LINK_MARK;
use crate::{Actor, Asset, CommandContext, Error, IntentId, Kolo, MemberId, Timestamp};

/// How long an outcome may take before the person hears that it is being worked on.
const PATIENCE_S: u64 = 3;
/// How often a turn is tried before the person hears that something is wrong (some four minutes).
const TURN_ATTEMPTS: u32 = 8;
/// How often a message is sent before it is given up (some eight hours).
const SEND_ATTEMPTS: u32 = 100;
/// The longest platform id of a message or a person, in bytes.
const ID_MAX: usize = 200;

/// The payload of [`queue::PROCESSING`] work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Unsettled {
    intent: IntentId,
    to: Contact,
    /// Of the message to send.
    id: String,
}

/// The payload of [`queue::OUTBOUND`] work: a message, and what is done when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Outgoing {
    #[serde(flatten)]
    message: OutboundMessage,
    /// The link to its reader's own page goes where [`LINK_MARK`] stands. Said here: a mark in a text may be
    /// of anybody's writing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    brings_link: bool,
    /// Tells that this authenticator waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tells_of: Option<WaitingFactor>,
}

impl From<OutboundMessage> for Outgoing {
    fn from(message: OutboundMessage) -> Self {
        Self { message, brings_link: false, tells_of: None }
    }
}

/// A member's authenticator, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct WaitingFactor {
    member: MemberId,
    factor: u32,
}

/// Works the conversation's queues over the given channels.
#[derive(Clone)]
pub struct ConversationWorker {
    dialogue: Dialogue,
    channels: Vec<Arc<dyn MessageChannel>>,
}

impl ConversationWorker {
    /// English, over these channels.
    #[must_use]
    pub fn new(channels: Vec<Arc<dyn MessageChannel>>) -> Self {
        Self::with(Dialogue::new(Arc::new(Catalogue::english()), None), channels)
    }

    /// With a dialogue of the host's making.
    #[must_use]
    pub fn with(dialogue: Dialogue, channels: Vec<Arc<dyn MessageChannel>>) -> Self {
        Self { dialogue, channels }
    }

    /// Works one claimed item of the queues `inbound`, `notice`, `outbound` and `processing`.
    ///
    /// # Errors
    /// What may work later: give the item back for another try.
    pub async fn work(&self, kolo: &Kolo, work: &ClaimedWork) -> Result<(), Error> {
        self.work_at(kolo, kolo, work).await
    }

    /// With the services of `desk`.
    async fn work_at(&self, kolo: &Kolo, desk: &dyn Desk, work: &ClaimedWork) -> Result<(), Error> {
        let post = Post { kolo, desk, work };
        match work.queue.as_str() {
            queue::INBOUND => self.inbound(&post).await,
            queue::NOTICE => self.notice(&post).await,
            queue::PROCESSING => self.processing(&post).await,
            queue::OUTBOUND => self.outbound(&post).await,
            other => {
                tracing::error!(
                    queue = other,
                    work = work.lease.work.0,
                    "not a queue of the conversation"
                );
                post.drop_item().await
            }
        }
    }

    /// Answers a message: session, reply and timer in one change set.
    async fn inbound(&self, post: &Post<'_>) -> Result<(), Error> {
        let inbound: InboundMessage = record::decode(&post.work.payload, 1)?;
        let ctx = post.context("turn");
        let mut command =
            Command::begin(post.kolo, &ctx, "turn", &()).await?.consuming(&post.work.lease);
        if command.replay::<()>()?.is_some() {
            return post.drop_item().await;
        }
        loop {
            let loaded = post.session(&inbound.from).await?;
            // The message's own time, the same in every attempt.
            let at = post.work.due_at;
            let turn = match self.dialogue.turn(post.desk, loaded.state.clone(), &inbound, at).await
            {
                Ok(turn) => turn,
                Err(error) if post.work.attempts >= TURN_ATTEMPTS => {
                    tracing::error!(%error, code = error.code(), message = inbound.id, "a turn was given up");
                    given_up(&loaded.state, at)
                }
                Err(error) => return Err(error),
            };
            let mut changes = command.changes();
            changes.forgettable();
            self.follow_up(post, &mut changes, &inbound, &turn)?;
            changes.write(&Loaded { state: turn.session, ..loaded })?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// The reply, and the look at what has not settled.
    fn follow_up(
        &self,
        post: &Post<'_>,
        changes: &mut Changes,
        inbound: &InboundMessage,
        turn: &Turn,
    ) -> Result<(), Error> {
        let of = format!("{}/{}", inbound.from.channel, inbound.id);
        let to = inbound.from.clone();
        if let Some(reply) = &turn.reply {
            let catalogue = self.dialogue.catalogue();
            let id = format!("out/{of}/0");
            let speech = speech(post.desk);
            let speech = turn.asset.as_ref().map_or(speech.clone(), |asset| speech.of(asset));
            let message = message::reply(catalogue, &speech, reply, &turn.session, id, to.clone());
            let brings_link = matches!(reply, Reply::KeyLink(_));
            enqueue_message(changes, &Outgoing { brings_link, ..message.into() })?;
        }
        if let Some(after) = turn.after {
            let unsettled =
                Unsettled { intent: after.intent, to, id: format!("out/{of}/processing") };
            let due = changes.now().plus(PATIENCE_S);
            changes.enqueue(
                queue::PROCESSING,
                format!("processing/{of}"),
                None,
                due,
                &unsettled,
            )?;
        }
        Ok(())
    }

    /// Puts a notice into words and into the outbox; a member without a contact hears nothing.
    async fn notice(&self, post: &Post<'_>) -> Result<(), Error> {
        let told: Told = record::decode(&post.work.payload, 1)?;
        let Some(contact) = post.desk.member(told.to).await?.contact else {
            return post.drop_item().await;
        };
        let id = format!("out/{}", told.id);
        let mut speech = speech(post.desk);
        if let Some(asset) = post.asset_of(&told).await? {
            speech.asset = asset;
        }
        let catalogue = self.dialogue.catalogue();
        let message = message::notice(catalogue, &speech, &told.notice, id, contact);
        let tells_of = match told.notice {
            Notice::FactorWaits { factor, .. } => Some(WaitingFactor { member: told.to, factor }),
            _ => None,
        };
        post.tell(&Outgoing { tells_of, ..message.into() }).await
    }

    /// Says that something is being worked on, unless its outcome was told meanwhile.
    async fn processing(&self, post: &Post<'_>) -> Result<(), Error> {
        let unsettled: Unsettled = record::decode(&post.work.payload, 1)?;
        if post.desk.is_settled(unsettled.intent).await? {
            return post.drop_item().await;
        }
        let text = self.dialogue.catalogue().reply(&Reply::Processing, &speech(post.desk));
        let Unsettled { id, to, .. } = unsettled;
        post.tell(&OutboundMessage { id, to, text, buttons: Vec::new() }.into()).await
    }

    /// Sends a message over its channel. Its id keeps it from arriving twice, so what may have
    /// happened is tried again like what did not.
    async fn outbound(&self, post: &Post<'_>) -> Result<(), Error> {
        match self.send(post).await {
            Ok(()) => post.drop_item().await,
            Err(error) => {
                let never =
                    matches!(&error, Error::Port(PortError { retry: Retry::Permanent, .. }));
                if !never && post.work.attempts < SEND_ATTEMPTS {
                    return Err(error);
                }
                tracing::error!(%error, work = post.work.lease.work.0, "a message could not be sent");
                post.drop_item().await
            }
        }
    }

    async fn send(&self, post: &Post<'_>) -> Result<(), Error> {
        let Outgoing { mut message, brings_link, tells_of } =
            record::decode(&post.work.payload, 1)?;
        if brings_link {
            post.put_link_in(&mut message).await?;
        }
        let channel = self.channels.iter().find(|channel| channel.name() == message.to.channel);
        let Some(channel) = channel else {
            let context =
                format!("no channel is called {:?}: give it to the worker", message.to.channel);
            return Err(PortError::new(PortErrorKind::Invalid, Retry::Temporary, context).into());
        };
        let message = message::adapt(message, &channel.capabilities());
        channel.send(&message).await?;
        match tells_of {
            Some(WaitingFactor { member, factor }) => post.kolo.factor_told(member, factor).await,
            None => Ok(()),
        }
    }
}

/// What a webhook calls before it acknowledges: once this returns, the message will be answered,
/// exactly once however often it is delivered.
///
/// # Errors
/// [`Error::BadText`] for a message without a usable id or sender; a port's failure, after which the
/// platform must deliver again.
pub async fn receive(kolo: &Kolo, mut inbound: InboundMessage) -> Result<(), Error> {
    for (field, text) in [
        ("message id", &inbound.id),
        ("channel", &inbound.from.channel),
        ("sender", &inbound.from.address),
    ] {
        if text.is_empty() || text.len() > ID_MAX || text.chars().any(char::is_control) {
            return Err(Error::BadText { field, max: ID_MAX });
        }
    }
    // One character more than is read: enough to see that it is too long.
    inbound.text = clean::clip(&inbound.text, parser::TEXT_MAX + 1).to_owned();
    inbound.name = inbound.name.map(|name| clean::clip(&name, 4 * clean::NAME_MAX).to_owned());
    let id = format!("in/{}/{}", inbound.from.channel, inbound.id);
    let ctx = system(kolo, id.clone(), &inbound);
    // Deliveries of one message may differ in what surrounds it (a changed profile name).
    let mut command = Command::begin(kolo, &ctx, "receive", &()).await?;
    while command.replay::<()>()?.is_none() {
        let mut changes = command.changes();
        changes.forgettable();
        let due = changes.now();
        changes.enqueue(queue::INBOUND, id.clone(), Some(lane(&inbound.from)), due, &inbound)?;
        if command.commit(changes, ()).await?.is_some() {
            break;
        }
    }
    Ok(())
}

fn system(kolo: &Kolo, key: String, inbound: &InboundMessage) -> CommandContext {
    let correlation = format!("msg:{}/{}", inbound.from.channel, inbound.id);
    CommandContext { tenant: kolo.tenant().clone(), actor: Actor::System, key, correlation }
}

/// One item being worked.
struct Post<'a> {
    kolo: &'a Kolo,
    desk: &'a dyn Desk,
    work: &'a ClaimedWork,
}

impl Post<'_> {
    /// Under the item's own key.
    fn context(&self, kind: &str) -> CommandContext {
        let id = &self.work.lease.work.0;
        CommandContext {
            tenant: self.work.lease.tenant.clone(),
            actor: Actor::System,
            key: format!("{kind}/{id}"),
            correlation: id.clone(),
        }
    }

    async fn session(&self, contact: &Contact) -> Result<Loaded<Session>, Error> {
        let id = lane(contact);
        let loaded = self.kolo.load(&id).await?;
        Ok(loaded.unwrap_or_else(|| Loaded::fresh(&id, Session::default())))
    }

    /// Of what the amounts of a notice are; `None`: of the usual asset.
    async fn asset_of(&self, told: &Told) -> Result<Option<Asset>, Error> {
        let Some(circle) = told.notice.circle() else { return Ok(told.asset.clone()) };
        let found = self.kolo.load::<Circle>(circle).await?;
        Ok(found.map(|circle| circle.state.asset))
    }

    /// Puts one message into the outbox.
    async fn tell(&self, message: &Outgoing) -> Result<(), Error> {
        let ctx = self.context("tell");
        let mut command =
            Command::begin(self.kolo, &ctx, "tell", &()).await?.consuming(&self.work.lease);
        loop {
            let mut changes = command.changes();
            changes.forgettable();
            enqueue_message(&mut changes, message)?;
            if command.commit(changes, ()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// The link to its reader's own page; nothing where there is no page (any more), or no such reader: the
    /// message is sent all the same.
    async fn put_link_in(&self, message: &mut OutboundMessage) -> Result<(), Error> {
        let link = match self.desk.by_contact(&message.to).await? {
            Some(reader) => match self.kolo.key_page_link(reader.id).await {
                Ok(link) => Some(link),
                Err(Error::NotAvailable) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let put = link.as_ref().map_or("", |link| link.expose());
        message.text = message.text.replacen(LINK_MARK, put, 1);
        Ok(())
    }

    /// Nothing (more) is to be done about it.
    async fn drop_item(&self) -> Result<(), Error> {
        Ok(self.kolo.ports().queue.release(&self.work.lease, Release::Done).await?)
    }
}

fn enqueue_message(changes: &mut Changes, outgoing: &Outgoing) -> Result<(), Error> {
    let (due, message) = (changes.now(), &outgoing.message);
    changes.enqueue(queue::OUTBOUND, message.id.clone(), Some(lane(&message.to)), due, outgoing)
}

/// After a turn that never worked: back at the beginning, and said so.
fn given_up(session: &Session, at: Timestamp) -> Turn {
    let turn = session.turn.saturating_add(1);
    let session = Session { turn, since: at, ..Session::default() };
    Turn { session, reply: Some(Reply::Broken), after: None, asset: None }
}

/// Names a contact: one lane, one session.
fn lane(contact: &Contact) -> String {
    format!("{}/{}", contact.channel, contact.address)
}

// Over the in-memory store of the testkit.
#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests;
