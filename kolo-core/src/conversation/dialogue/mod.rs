//! One inbound message → what is done, and the one reply to it.
//!
//! ```text
//! unknown contact ──► register (name from the profile, else asked for)
//! button          ──► of the menu that stands: its choice; of an older one: nothing, and says so
//! digit or label  ──► the choice of the menu that stands
//! YES             ──► exactly what the pending question said, once
//! other text      ──► an answer to the step it is at, else a command
//! ```
//!
//! A turn may be repeated after a crash: time is the message's, ids are derived from the message's,
//! and where a YES stands, the service is called before anything else is looked at. So a repeated
//! turn gives the service the same command under the same key, and the same reply comes out.
mod confirm;
mod create;
mod door;
mod either;
mod groups;
mod home;
mod keys;
mod money;
mod moneys;
mod offers;
mod people;
mod register;
mod roles;
#[cfg(test)]
mod tests;
mod vote;
mod which;

use std::sync::Arc;

use super::amount::AmountProblem;
use super::catalogue::{Catalogue, Speech, trouble};
use super::clean;
use super::command::Command;
use super::desk::Desk;
use super::parser;
use super::reply::{Remark, Reply};
use super::session::{Action, Choice, Menu, Session, Step};
use crate::port::channel::InboundMessage;
use crate::view::MemberView;
use crate::{Actor, Asset, CircleId, CommandContext, Error, IntentId, Timestamp};

/// Leads the id of a button that belongs to a step of a session: `step:<turn>:<choice>`.
pub(super) const STEP_BUTTON: &str = "step:";
/// Leads the id of a button that is a command at any time: `say:BALANCE`.
pub(super) const SAY_BUTTON: &str = "say:";

/// What one message led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The session to remember.
    pub session: Session,
    /// The reply; `None` when the outcome of [`Turn::after`] is the reply.
    pub reply: Option<Reply>,
    /// What goes on after the turn.
    pub after: Option<AfterTurn>,
    /// Of what the reply's amounts are that do not say it themselves; `None`: of the usual asset.
    pub asset: Option<Asset>,
}

/// A command went to the chain: its notice is the reply, and a word that it is being worked on is
/// due if that takes more than a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AfterTurn {
    /// What must settle.
    pub intent: IntentId,
    /// Which circle it concerns, if any.
    pub circle: Option<CircleId>,
}

/// Answers messages.
#[derive(Clone, Debug)]
pub struct Dialogue {
    catalogue: Arc<Catalogue>,
    /// Where phone numbers without `+` are from (`NG`).
    region: Option<String>,
}

impl Dialogue {
    /// In the catalogue's language; phone numbers without a country are of `region`, if any.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>, region: Option<String>) -> Self {
        Self { catalogue, region }
    }

    /// Its language.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Answers one message that arrived at `at`. A repetition must give the same session and `at`.
    ///
    /// # Errors
    /// Only what trying again may cure (a port's failure, contention) or what an operator must look
    /// into (unreadable records); whatever a service refuses is a reply.
    pub async fn turn(
        &self,
        desk: &dyn Desk,
        session: Session,
        inbound: &InboundMessage,
        at: Timestamp,
    ) -> Result<Turn, Error> {
        let speech = speech(desk);
        let talk = Talk {
            desk,
            catalogue: &self.catalogue,
            region: self.region.as_deref(),
            speech,
            inbound,
            at,
        };
        let turn = session.turn.saturating_add(1);
        let before = session.clone();
        match talk.answer(session).await? {
            Outcome::Said(said) => Ok(said.into_turn(turn, at)),
            Outcome::Kept(reply, asset) => {
                let session = Session { turn, ..before };
                Ok(Turn { session, reply: Some(reply), after: None, asset })
            }
        }
    }
}

/// How a desk's people are spoken to.
pub(super) fn speech(desk: &dyn Desk) -> Speech {
    Speech { asset: desk.assets().usual().asset.clone(), utc_offset_s: desk.utc_offset_s() }
}

/// What a step said and what it wants remembered.
struct Said {
    reply: Option<Reply>,
    step: Option<Step>,
    choices: Vec<Choice>,
    after: Option<AfterTurn>,
    asset: Option<Box<Asset>>,
}

impl Said {
    fn reply(reply: Reply) -> Self {
        Self { reply: Some(reply), step: None, choices: Vec::new(), after: None, asset: None }
    }

    fn after(intent: IntentId, circle: Option<CircleId>) -> Self {
        let after = Some(AfterTurn { intent, circle });
        Self { reply: None, step: None, choices: Vec::new(), after, asset: None }
    }

    /// Its amounts are of this asset.
    fn of(mut self, asset: &Asset) -> Self {
        self.asset = Some(Box::new(asset.clone()));
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    fn choices(mut self, choices: Vec<Choice>) -> Self {
        self.choices = choices;
        self
    }

    fn with(mut self, remark: Remark) -> Self {
        self.reply = self.reply.map(|reply| Reply::With(remark, Box::new(reply)));
        self
    }

    fn into_turn(self, turn: u64, at: Timestamp) -> Turn {
        let menu =
            (!self.choices.is_empty()).then_some(Menu { nonce: turn, choices: self.choices });
        Turn {
            session: Session { turn, step: self.step, since: at, menu },
            reply: self.reply,
            after: self.after,
            asset: self.asset.map(|asset| *asset),
        }
    }
}

/// A step's end: something was said, or everything stays as it was (its menu and its time too) and this is
/// said, of this asset (`None`: of the usual one).
enum Outcome {
    Said(Said),
    Kept(Reply, Option<Asset>),
}

impl From<Said> for Outcome {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

/// What a message says, seen with the menu that stands.
enum Input {
    Chosen(Action),
    /// A button of an older menu.
    Stale,
    /// A button that is a command, whatever was asked last.
    Order(String),
    Typed(String),
}

/// One message being answered.
struct Talk<'a> {
    desk: &'a dyn Desk,
    catalogue: &'a Catalogue,
    region: Option<&'a str>,
    speech: Speech,
    inbound: &'a InboundMessage,
    at: Timestamp,
}

impl Talk<'_> {
    async fn answer(&self, session: Session) -> Result<Outcome, Error> {
        let expired = session.is_expired(self.at);
        let input = self.input(&session, expired);
        let Some(member) = self.desk.by_contact(&self.inbound.from).await? else {
            return self.stranger(session.step.filter(|_| !expired), input).await;
        };
        // Registered by a turn whose session was not stored, or by the host: still their first words.
        match session.step {
            Some(Step::Name { then }) => {
                return Ok(self.first(&member, parser::parse(&then)).await?.into());
            }
            _ if session.turn == 0 => {
                let text = spoken(input).unwrap_or_default();
                return Ok(self.first(&member, parser::parse(&text)).await?.into());
            }
            _ => {}
        }
        let (input, step) = match (input, session.step) {
            (Input::Stale, Some(step)) if expired && step.is_brief() => {
                return Ok(Said::reply(Reply::TimedOut).into());
            }
            (Input::Stale, _) => return Ok(Outcome::Kept(Reply::StaleButton, None)),
            (Input::Order(text), step) => {
                let said = self.command(&member, parser::parse(&text)).await?;
                let was_asked = !expired && !matches!(step, None | Some(Step::History { .. }));
                return Ok(if was_asked { said.with(Remark::Dropped) } else { said }.into());
            }
            (input, step) => (input, step),
        };
        match step {
            Some(step) if expired => self.expired(&member, &step, input).await,
            Some(step) => self.step(&member, step, session.menu.as_ref(), input).await,
            None => Ok(self.fresh(&member, input, session.menu.as_ref()).await?.into()),
        }
    }

    fn input(&self, session: &Session, expired: bool) -> Input {
        let menu = session.menu.as_ref().filter(|_| !expired);
        if let Some(id) = &self.inbound.button {
            if let Some(text) = id.strip_prefix(SAY_BUTTON) {
                return Input::Order(text.to_owned());
            }
            let choice = menu.and_then(|menu| {
                let (nonce, index) = id.strip_prefix(STEP_BUTTON)?.split_once(':')?;
                let index: usize = index.parse().ok()?;
                (nonce == menu.nonce.to_string()).then(|| menu.choices.get(index))?
            });
            return choice.map_or(Input::Stale, |choice| Input::Chosen(choice.action.clone()));
        }
        let text = &self.inbound.text;
        // Between two amounts, a typed figure is one of them and not the number of a choice.
        let counted = !matches!(session.step, Some(Step::Either { .. }));
        match menu.filter(|_| counted).and_then(|menu| chosen(menu, text)) {
            Some(choice) => Input::Chosen(choice.action.clone()),
            None => Input::Typed(text.clone()),
        }
    }

    /// After its time a step is over: an answer to it does nothing, a command is a command.
    async fn expired(
        &self,
        member: &MemberView,
        step: &Step,
        input: Input,
    ) -> Result<Outcome, Error> {
        let text = spoken(input);
        let is_late_answer =
            step.is_brief() && text.as_deref().is_none_or(|text| !parser::parse(text).is_order());
        if is_late_answer {
            return Ok(Said::reply(Reply::TimedOut).into());
        }
        Ok(self.command(member, parser::parse(&text.unwrap_or_default())).await?.into())
    }

    async fn step(
        &self,
        member: &MemberView,
        step: Step,
        menu: Option<&Menu>,
        input: Input,
    ) -> Result<Outcome, Error> {
        match step {
            Step::Confirm(pending) => self.confirm_answer(member, pending, input).await,
            Step::Draft(draft) => self.draft_answer(member, draft, input).await,
            Step::Which { purpose, groups, from } => {
                self.which_answer(member, purpose, &groups, from, input).await
            }
            Step::Either { of, grouped, pointed } => {
                let asked = AmountProblem::Ambiguous { grouped, pointed };
                self.either_answer(member, of, asked, input).await
            }
            Step::Code => self.code_answer(member, input).await,
            Step::History { before } => {
                let text = spoken(input).unwrap_or_default();
                if parser::parse(&text) == Command::More {
                    return Ok(self.history(member, Some(before)).await?.into());
                }
                Ok(self.fresh(member, Input::Typed(text), menu).await?.into())
            }
            Step::Name { .. } => Ok(self.fresh(member, input, menu).await?.into()),
        }
    }

    /// A message that answers no step.
    async fn fresh(
        &self,
        member: &MemberView,
        input: Input,
        menu: Option<&Menu>,
    ) -> Result<Said, Error> {
        let command = parser::parse(&spoken(input).unwrap_or_default());
        if let (Command::Number(_), Some(menu)) = (&command, menu) {
            let most = menu.choices.len();
            return Ok(Said::reply(Reply::NoSuchChoice { most }).choices(menu.choices.clone()));
        }
        self.command(member, command).await
    }

    async fn command(&self, member: &MemberView, command: Command) -> Result<Said, Error> {
        Ok(match command {
            Command::Greeting => self.menu(member).await?,
            Command::Help => self.help(member).await?,
            Command::Register { .. } => {
                Said::reply(Reply::AlreadyRegistered { name: member.name.clone() })
            }
            Command::Balance => self.balance(member).await?,
            Command::History => self.history(member, None).await?,
            Command::Receipt { number } => self.receipt(member, number).await?,
            Command::TestMoney { amount } => self.test_money(member, amount).await?,
            Command::CreateGroup(words) => self.create(words).await?,
            Command::Join { code } => self.join(member, code).await?,
            Command::Revoke { code } => self.revoke(member, code).await?,
            Command::MyKey => self.my_key(member).await?,
            Command::StopKey => self.stop_key(member).await?,
            Command::Offers => self.offers(member).await?,
            Command::AcceptOffer(which) => self.accept_offer(member, which.as_deref()).await?,
            Command::DeclineOffer(which) => self.end_offer(member, which.as_deref(), false).await?,
            Command::WithdrawOffer(which) => self.end_offer(member, which.as_deref(), true).await?,
            Command::TakeBack(target) => self.take_back(member, &target).await?,
            Command::Invite(_)
            | Command::GroupCode(_)
            | Command::Requests(_)
            | Command::Approve(_)
            | Command::Reject(_)
            | Command::Remove(_)
            | Command::Expel(_)
            | Command::Move(_)
            | Command::Swap(_)
            | Command::SellPlace(_)
            | Command::Role { .. }
            | Command::Roles(_)
            | Command::AcceptRole(_)
            | Command::DeclineRole(_)
            | Command::LayDownRole(_)
            | Command::GroupStatus(_)
            | Command::Contribute(_)
            | Command::Repay(_)
            | Command::Start(_)
            | Command::Leave(_)
            | Command::CancelGroup(_)
            | Command::Dissolve(_)
            | Command::Bid(_)
            | Command::Vote { .. } => self.about_a_group(member, command).await?,
            Command::Yes | Command::No => Said::reply(Reply::NothingToConfirm),
            Command::Cancel => Said::reply(Reply::NothingToStop),
            Command::More => Said::reply(Reply::HistoryEnd),
            Command::Empty => Said::reply(Reply::Empty),
            Command::TooLong => Said::reply(Reply::TooLong),
            Command::Number(_) | Command::Unknown => Said::reply(Reply::NotUnderstood),
        })
    }

    /// Under a key of this message and the purpose: a repeated turn is the same command.
    fn context(&self, member: Option<&MemberView>, purpose: &str) -> CommandContext {
        let correlation = format!("msg:{}/{}", self.inbound.from.channel, self.inbound.id);
        CommandContext {
            tenant: self.desk.tenant().clone(),
            actor: member.map_or(Actor::System, |member| Actor::Member(member.id)),
            key: format!("{correlation}:{purpose}"),
            correlation,
        }
    }

    /// A refusal in words; what may pass by itself goes back to the worker, which tries again.
    fn refused(&self, error: Error) -> Result<Said, Error> {
        match error {
            Error::Port(_) | Error::Contention | Error::LeaseLost | Error::Stored { .. } => {
                Err(error)
            }
            error => Ok(Said::reply(Reply::Trouble(trouble(&error, &self.speech_on(&error))))),
        }
    }

    fn say(&self, label: &'static str, text: &str) -> Choice {
        Choice {
            label: self.catalogue.label(label),
            detail: None,
            action: Action::Say(text.to_owned()),
        }
    }

    fn yes_no(&self) -> Vec<Choice> {
        let choice =
            |label, action| Choice { label: self.catalogue.label(label), detail: None, action };
        vec![choice("label-yes", Action::Yes), choice("label-no", Action::No)]
    }
}

/// The choice a digit or a label names; a label that two choices share names none.
fn chosen<'m>(menu: &'m Menu, text: &str) -> Option<&'m Choice> {
    if text.len() > 1_000 {
        return None;
    }
    if let Command::Number(number) = parser::parse(text) {
        return menu.choices.get(usize::from(number).checked_sub(1)?);
    }
    let typed = parser::comparable(text);
    let mut named = menu.choices.iter().filter(|choice| {
        !typed.is_empty()
            && (parser::comparable(&choice.label) == typed
                || choice.detail.as_ref().is_some_and(|detail| parser::comparable(detail) == typed))
    });
    named.next().filter(|_| named.next().is_none())
}

/// The text of an input; `None` for choices that are no text.
fn spoken(input: Input) -> Option<String> {
    match input {
        Input::Typed(text) | Input::Order(text) | Input::Chosen(Action::Say(text)) => Some(text),
        Input::Chosen(Action::Yes) => Some("yes".to_owned()),
        Input::Chosen(Action::No) => Some("no".to_owned()),
        Input::Chosen(Action::Group(_) | Action::MoreGroups) | Input::Stale => None,
    }
}

/// Whether a text is a command that leaves a question for a free text (a name, a code) behind.
fn leaves_question(text: &str) -> Option<Command> {
    let command = parser::parse(text);
    (command == Command::Cancel || command.is_bare()).then_some(command)
}

/// A name for a person or a group, if the text is fit for one.
fn fit_name(text: &str) -> Option<String> {
    let name = clean::name(text);
    let fits = name.chars().any(char::is_alphanumeric)
        && clean::typed(text).chars().count() <= clean::NAME_MAX;
    fits.then_some(name)
}
