//! Commands about one person: APPROVE, REJECT, REMOVE, EXPEL, MOVE, SWAP, ROLE.
//!
//! Whoever is meant is named back, with what sets them apart, before anything is done.
use kolo_rules::Refusal;
use kolo_rules::circle::{Order, Phase};

use super::roles::not_yours;
use super::{Said, Talk};
use crate::circle::{Handover, Question, UnderWay};
use crate::conversation::catalogue::person_detail;
use crate::conversation::reply::{Act, Moving, Newcomer, Reply};
use crate::conversation::session::{Action, Choice, Pending};
use crate::conversation::{clean, parser, phone};
use crate::port::chain::ChainAddress;
use crate::view::{CircleStatus, CircleSummary, MemberView, NewcomerView};
use crate::{CircleId, Error, MemberId};

/// The most people in one menu.
const MENU: usize = 5;
/// Seconds of a day.
const DAY_S: u32 = 86_400;

/// What was typed behind a command about somebody.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub who: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub turn: Option<&'a str>,
}

/// Somebody a command may be about.
#[derive(Clone)]
pub(super) struct Person {
    pub name: String,
    pub member: Option<MemberId>,
    pub address: ChainAddress,
    /// In the list the reader knows: the turn, or the place in the queue.
    pub number: u8,
    pub phone_end: Option<String>,
}

impl Talk<'_> {
    pub(super) async fn about_somebody(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        phase: Phase,
        act: Act,
        about: About<'_>,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        // One word for it, whenever it is said: before the start the organiser, then the members.
        let act = match (act, phase) {
            (Act::Expel, Phase::Forming) => Act::Remove,
            (Act::Remove, Phase::Active) => Act::Expel,
            (act, _) => act,
        };
        match (act, phase) {
            (Act::Expel | Act::Move | Act::Swap, Phase::Active)
            | (Act::Approve | Act::Reject | Act::Remove, Phase::Forming) => {}
            (Act::Move | Act::Swap, Phase::Forming) => {
                let (members, seats) = (circle.members, circle.rules.seats);
                return Ok(Said::reply(Reply::NotStarted { name, members, seats }));
            }
            (_, Phase::Completed | Phase::Dissolved | Phase::Cancelled) => {
                return Ok(Said::reply(Reply::Over { name }));
            }
            (Act::Appoint(_) | Act::Relieve, _) => {}
            (Act::Expel | Act::Move | Act::Swap, _) => {
                return self.refused(Error::Refused(Refusal::NotActive));
            }
            _ => return Ok(Said::reply(Reply::OnlyBeforeStart { name })),
        }
        let own = act == Act::Relieve && circle.office_of(member.id).is_some();
        if let Some(command) = act.command().filter(|command| !circle.lets(member.id, *command))
            && !own
        {
            return Ok(not_yours(circle, command));
        }
        if act == Act::Move && about.phone.is_none() {
            return Ok(Said::reply(Reply::MoveHow));
        }
        let status = self.desk.status(circle.id).await?;
        match found(&people(&status, act), about.who).as_slice() {
            [only] => self.about_one(member, &status, act, only, about).await,
            [] if act.is_about_waiting() && status.requests.is_empty() => {
                Ok(Said::reply(Reply::NobodyWaits { name }))
            }
            [] => {
                let typed = about.who.unwrap_or_default().to_owned();
                Ok(Said::reply(Reply::NobodyCalled { name, typed, act }))
            }
            several => Ok(self.whom(circle, act, several, about)),
        }
    }

    /// Asks which of several, as far as a menu goes.
    fn whom(&self, circle: &CircleSummary, act: Act, several: &[Person], about: About<'_>) -> Said {
        let said = Said::reply(Reply::AskWhom { name: circle.name.clone(), act });
        if several.len() > MENU {
            return said;
        }
        let tail = act.tail();
        let rest = about.phone.map(|phone| format!(" to {phone}")).unwrap_or_default();
        let turn = about.turn.map(|turn| format!(" turn {turn}")).unwrap_or_default();
        let choice = |person: &Person| {
            let (word, address) = (act.word(), &person.address);
            let detail = person_detail(
                &person.name,
                person.phone_end.as_deref(),
                (!act.is_about_waiting()).then_some(person.number),
            );
            Choice {
                label: clean::name(&person.name),
                detail: Some(self.catalogue.line(&detail)),
                action: Action::Say(format!("{word} {address}{rest}{tail} {}{turn}", circle.id)),
            }
        };
        said.choices(several.iter().map(choice).collect())
    }

    /// What it would mean, as a question.
    async fn about_one(
        &self,
        member: &MemberView,
        status: &CircleStatus,
        act: Act,
        person: &Person,
        about: About<'_>,
    ) -> Result<Said, Error> {
        let (name, id) = (status.summary.name.clone(), status.summary.id);
        let (who, address) = (person.name.clone(), person.address.clone());
        let mine = status.seats.iter().find(|seat| seat.member == Some(member.id));
        let is_me = mine.is_some_and(|seat| seat.address == address);
        if is_me && matches!(act, Act::Remove | Act::Expel) {
            return Ok(Said::reply(Reply::NotYourself));
        }
        match act {
            Act::Approve => self.approving(status, person, about.turn).await,
            Act::Reject => {
                let phone_end = person.phone_end.clone();
                let reply = Reply::ConfirmReject { name, who, phone_end };
                Ok(self.question(reply, Pending::Reject { circle: id, who: address }))
            }
            Act::Remove if !may_remove(&status.summary, member.id, person) => {
                Ok(Said::reply(Reply::OnlyOrganiser { name }))
            }
            Act::Remove => {
                let pending = Pending::Remove { circle: id, who: address };
                Ok(self.question(Reply::ConfirmRemove { name, who }, pending))
            }
            Act::Expel => {
                let means = match self.desk.expulsion(member.id, id, &address).await {
                    Ok(means) => means,
                    Err(error) => return self.refused(error),
                };
                let members = voters(status);
                let reply = Reply::ConfirmExpel { name, who, members, means };
                let question = Question::Expel { member: address };
                Ok(self.question(reply, Pending::Propose { circle: id, question }))
            }
            Act::Swap => self.swapping(member, status, person).await,
            Act::Appoint(office) => self.appointing(member, status, person, office),
            Act::Relieve => self.relieving(member, status, person),
            Act::Move => self.moving(member, status, person, about.phone.unwrap_or_default()).await,
        }
    }

    async fn approving(
        &self,
        status: &CircleStatus,
        person: &Person,
        turn: Option<&str>,
    ) -> Result<Said, Error> {
        let circle = &status.summary;
        if circle.members >= circle.rules.seats {
            return self.refused(Error::NoPlaceLeft);
        }
        let turn = if circle.rules.order == Order::Fixed {
            let free = self.desk.free_turns(circle.id).await?;
            match self.free_turn(&free, circle.rules.seats, turn) {
                Ok(turn) => Some(turn),
                Err(error) => return self.refused(error),
            }
        } else {
            None
        };
        let reply = Reply::ConfirmApprove {
            name: circle.name.clone(),
            who: person.name.clone(),
            phone_end: person.phone_end.clone(),
            turn,
            last: circle.members.saturating_add(1) == circle.rules.seats,
        };
        let who = person.address.clone();
        Ok(self.question(reply, Pending::Approve { circle: circle.id, who, turn }))
    }

    /// The turn that was asked for, if it can be had; else the first that is free.
    fn free_turn(&self, free: &[u8], seats: u8, typed: Option<&str>) -> Result<u8, Error> {
        let Some(typed) = typed else {
            return free.first().copied().ok_or(Error::NoPlaceLeft);
        };
        match typed.parse::<u8>() {
            Ok(turn) if free.contains(&turn) => Ok(turn),
            Ok(turn) if (1..=seats).contains(&turn) => Err(Error::Refused(Refusal::TurnTaken)),
            _ => Err(Error::Refused(Refusal::BadTurn)),
        }
    }

    /// A place whose owner has lost the phone: whoever is behind the new number shall have it.
    async fn moving(
        &self,
        member: &MemberView,
        status: &CircleStatus,
        person: &Person,
        typed: &str,
    ) -> Result<Said, Error> {
        let number = match phone::parse(typed, self.region) {
            Ok(number) => number,
            Err(problem) => return Ok(Said::reply(Reply::BadPhone { problem })),
        };
        let there = self.acquainted(member, &number).await?;
        let (circle, from) = (&status.summary, person.address.clone());
        let (to, pending) = match there {
            Some(there) if status.seats.iter().any(|seat| seat.address == there.address) => {
                return Ok(Said::reply(Reply::HasAPlace { who: there.name }));
            }
            Some(there) => {
                let question = Question::Move { from, to: there.address.clone() };
                (known(there), Pending::Propose { circle: circle.id, question })
            }
            None => by_number(circle.id, from, Handover::Move, number),
        };
        let moving = Moving {
            who: person.name.clone(),
            to,
            members: voters(status),
            days: circle.rules.vote_period_s.div_ceil(DAY_S),
        };
        Ok(self.question(Reply::ConfirmMove { name: circle.name.clone(), moving }, pending))
    }

    /// Whoever has this number and shares a group with the member. Of others it is not even told whether
    /// they are here.
    pub(super) async fn acquainted(
        &self,
        member: &MemberView,
        number: &str,
    ) -> Result<Option<MemberView>, Error> {
        let Some(there) = self.desk.by_phone(number).await? else {
            return Ok(None);
        };
        let shared = self.shares_a_group(member, &there).await?;
        Ok(Some(there).filter(|_| shared))
    }

    /// Whether the two have met in a group, so that one may hear of the other.
    pub(super) async fn shares_a_group(
        &self,
        member: &MemberView,
        there: &MemberView,
    ) -> Result<bool, Error> {
        let theirs = self.desk.circles_of(there.id).await?;
        let ours = self.desk.circles_of(member.id).await?;
        Ok(theirs.iter().any(|circle| ours.iter().any(|own| own.id == circle.id)))
    }

    /// What a YES about somebody does.
    pub(super) async fn execute_about(
        &self,
        member: &MemberView,
        pending: Pending,
    ) -> Result<UnderWay, Error> {
        let ctx = |purpose| self.context(Some(member), purpose);
        match pending {
            Pending::Approve { circle, who, turn } => {
                self.desk.approve(&ctx("approve"), circle, &who, turn).await
            }
            Pending::Reject { circle, who } => self.desk.reject(&ctx("reject"), circle, &who).await,
            Pending::Remove { circle, who } => self.desk.remove(&ctx("remove"), circle, &who).await,
            Pending::Propose { circle, question } => {
                self.desk.propose(&ctx("propose"), circle, question).await
            }
            Pending::Ask { circle, rules_hash } => {
                self.desk.request(&ctx("ask"), circle, rules_hash).await
            }
            Pending::TakeBack { circle } => self.desk.take_back(&ctx("take-back"), circle).await,
            _ => Err(Error::NotAvailable),
        }
    }

    /// Whether somebody of a circle can be meant.
    pub(super) fn is_somebody(status: &CircleStatus, act: Act, who: Option<&str>) -> bool {
        !found(&people(status, act), who).is_empty()
    }
}

/// Officers, and the organiser, are the organiser's to take out.
fn may_remove(circle: &CircleSummary, by: MemberId, person: &Person) -> bool {
    let is_officer = |who| who == circle.organiser || circle.office_of(who).is_some();
    by == circle.organiser || !person.member.is_some_and(is_officer)
}

pub(super) fn known(there: MemberView) -> Newcomer {
    Newcomer::Known(NewcomerView { name: there.name, address: there.address })
}

/// The newcomer as far as they are told of, and what a YES does.
pub(super) fn by_number(
    circle: CircleId,
    seat: ChainAddress,
    handover: Handover,
    phone: String,
) -> (Newcomer, Pending) {
    let to = Newcomer::Number(phone.clone());
    (to, Pending::ProposeByNumber { circle, seat, handover, phone })
}

/// Those a command can be about.
fn people(status: &CircleStatus, act: Act) -> Vec<Person> {
    if act.is_about_waiting() {
        return status
            .requests
            .iter()
            .zip(1_u8..)
            .map(|(waiting, number)| Person {
                name: waiting.name.clone(),
                member: waiting.member,
                address: waiting.address.clone(),
                number,
                phone_end: waiting.phone_end.clone(),
            })
            .collect();
    }
    let person = |seat: &crate::view::SeatView| Person {
        name: seat.name.clone(),
        member: seat.member,
        address: seat.address.clone(),
        number: seat.turn,
        phone_end: None,
    };
    status.seats.iter().map(person).collect()
}

/// By address, number, whole name, beginning, part; all of them when nothing is said.
fn found(people: &[Person], who: Option<&str>) -> Vec<Person> {
    let Some(key) = who.map(parser::comparable).filter(|key| !key.is_empty()) else {
        return people.to_vec();
    };
    let name = |person: &Person| parser::comparable(&person.name);
    let tests: [&dyn Fn(&Person) -> bool; 5] = [
        // Buttons name a person by the address.
        &|person| parser::comparable(&person.address.0) == key,
        &|person| name(person) == key,
        &|person| person.number != 0 && person.number.to_string() == key,
        &|person| name(person).starts_with(&key),
        &|person| name(person).contains(&key),
    ];
    for test in tests {
        let found: Vec<_> = people.iter().filter(|person| test(person)).cloned().collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Who is asked in a vote: those who stay.
pub(super) fn voters(status: &CircleStatus) -> u8 {
    let staying = status.seats.iter().filter(|seat| seat.leaves_after == 0).count();
    u8::try_from(staying).unwrap_or(u8::MAX)
}
