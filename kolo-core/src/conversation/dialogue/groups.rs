//! Commands about a group: for which it can be meant, and the short ones.
use kolo_rules::Refusal;
use kolo_rules::circle::{Order, Phase};

use super::money::seat_of;
use super::people::About;
use super::roles::not_yours;
use super::which::{Named, named};
use super::{Input, Outcome, Said, Talk, leaves_question, spoken};
use crate::Error;
use crate::conversation::command::{Command, RoleWord, Target, Whom};
use crate::conversation::reply::{Act, Remark, Reply};
use crate::conversation::session::{Pending, Purpose, Step};
use crate::conversation::{parser, phone};
use crate::port::authorizer::CommandName;
use crate::view::{CircleStage, CircleSummary, MemberView};

impl Talk<'_> {
    /// A command that needs a group: the only one, the one named, or the one chosen; never the first.
    pub(super) async fn about_a_group(
        &self,
        member: &MemberView,
        command: Command,
    ) -> Result<Said, Error> {
        if matches!(&command, Command::Role { whom, role } if role.is_none() || whom.who.is_none())
        {
            return Ok(Said::reply(Reply::RoleHow));
        }
        let Some((purpose, target)) = Purpose::of(command) else {
            return Ok(Said::reply(Reply::NotUnderstood));
        };
        let circles = self.desk.circles_of(member.id).await?;
        if circles.is_empty() && purpose == Purpose::Leave {
            // Whoever only waits for a place leaves the queue.
            return self.leave_the_queue(member, &target).await;
        }
        if circles.is_empty() {
            return Ok(self.no_groups());
        }
        let (named, purpose) = match purpose.is_paid() {
            true => {
                let (named, figure) = self.named_to_pay(&circles, target);
                (named, purpose.with_figure(figure))
            }
            false => (named(&circles, &target), purpose),
        };
        let (found, purpose) = match named {
            Named::All => (circles.iter().collect(), purpose),
            Named::Some(found, true) => (found, purpose.without_figure()),
            Named::Some(found, false) => (found, purpose),
            Named::None(typed) => return Ok(Said::reply(Reply::NoSuchGroup { typed })),
        };
        let fitting = self.fitting(member, &purpose, &found).await?;
        match (fitting.as_slice(), found.as_slice()) {
            ([only], _) => self.with_group(member, &purpose, only).await,
            // None fits: whatever is said about the newest explains why.
            ([], [.., newest]) => self.with_group(member, &purpose, newest).await,
            (several, _) => Ok(self.which(purpose, several, 0)),
        }
    }

    /// Those of the groups for which the command can do something.
    async fn fitting<'c>(
        &self,
        member: &MemberView,
        purpose: &Purpose,
        circles: &[&'c CircleSummary],
    ) -> Result<Vec<&'c CircleSummary>, Error> {
        let mut fitting = Vec::new();
        for circle in circles {
            let fits = match (purpose, circle.stage) {
                (Purpose::Status | Purpose::Roles, _) => true,
                (Purpose::AnswerRole { .. } | Purpose::LayDownRole, stage) if is_over(stage) => {
                    false
                }
                (Purpose::AnswerRole { .. }, _) => circle
                    .officers
                    .iter()
                    .any(|officer| officer.member == member.id && !officer.accepted),
                (Purpose::LayDownRole, _) => circle.office_of(member.id).is_some(),
                (purpose, stage) if let Some(command) = purpose.command() => {
                    stage == CircleStage::OnChain(Phase::Forming) && circle.lets(member.id, command)
                }
                (Purpose::Leave, CircleStage::OnChain(phase)) => {
                    matches!(phase, Phase::Forming | Phase::Active)
                }
                (Purpose::Contribute { .. }, CircleStage::OnChain(phase)) => {
                    phase == Phase::Active || phase.is_getting_ready()
                }
                (Purpose::Bid { .. }, CircleStage::OnChain(Phase::Active)) => {
                    circle.rules.order == Order::Auction
                }
                (Purpose::Dissolve | Purpose::SellPlace { .. }, stage) => {
                    stage == CircleStage::OnChain(Phase::Active)
                }
                (Purpose::About { act, who, .. }, CircleStage::OnChain(phase)) => {
                    self.can_be_about(member, circle, phase, *act, who.as_deref()).await?
                }
                (Purpose::Repay { .. }, CircleStage::OnChain(_)) => {
                    let status = self.desk.status(circle.id).await?;
                    seat_of(&status, member.id).is_some_and(|seat| seat.debt.is_positive())
                }
                (Purpose::Vote { .. }, CircleStage::OnChain(Phase::Active)) => {
                    !self.desk.status(circle.id).await?.votes.is_empty()
                }
                _ => false,
            };
            if fits {
                fitting.push(*circle);
            }
        }
        Ok(fitting)
    }

    /// Whether an act about somebody can be meant of this circle.
    async fn can_be_about(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        phase: Phase,
        act: Act,
        who: Option<&str>,
    ) -> Result<bool, Error> {
        let may = |act: Act| act.command().is_some_and(|command| circle.lets(member.id, command));
        let possible = match (act, phase) {
            (Act::Relieve, _) => may(act) || circle.office_of(member.id).is_some(),
            (Act::Appoint(_), _) => may(act),
            (Act::Move | Act::Swap, Phase::Forming) => false,
            (Act::Expel, Phase::Forming) => may(Act::Remove),
            (act, Phase::Forming) => may(act),
            (Act::Expel | Act::Remove | Act::Move | Act::Swap, Phase::Active) => true,
            _ => false,
        };
        if !possible {
            return Ok(false);
        }
        Ok(Self::is_somebody(&self.desk.status(circle.id).await?, act, who))
    }

    /// LEAVE of somebody who is in no group yet, but asked for a place.
    async fn leave_the_queue(&self, member: &MemberView, target: &Target) -> Result<Said, Error> {
        match self.take_back(member, target).await? {
            Said { reply: Some(Reply::NoRequest), .. } => Ok(self.no_groups()),
            said => Ok(said),
        }
    }

    fn no_groups(&self) -> Said {
        let choices = vec![
            self.say("label-create-group", "CREATE GROUP"),
            self.say("label-join-group", "JOIN GROUP"),
        ];
        Said::reply(Reply::NoGroups).choices(choices)
    }

    /// About a group, and so about the money it saves in.
    pub(super) async fn with_group(
        &self,
        member: &MemberView,
        purpose: &Purpose,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let talk = self.in_asset(&circle.asset);
        Ok(talk.in_group(member, purpose, circle).await?.by(&talk))
    }

    async fn in_group(
        &self,
        member: &MemberView,
        purpose: &Purpose,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        let phase = match circle.stage {
            CircleStage::OnChain(phase) => phase,
            CircleStage::Creating => return Ok(Said::reply(Reply::Creating { name })),
            CircleStage::Failed => return Ok(Said::reply(Reply::CreationFailed { name })),
            CircleStage::Foreign => return Ok(Said::reply(Reply::OtherCode { name })),
        };
        if *purpose == Purpose::Status {
            let status = Box::new(self.desk.status(circle.id).await?);
            return Ok(Said::reply(Reply::Status { status, me: member.id }));
        }
        match purpose {
            Purpose::AnswerRole { .. } | Purpose::LayDownRole if is_over(circle.stage) => {
                return Ok(Said::reply(Reply::Over { name }));
            }
            Purpose::Roles => return self.roles(member, circle).await,
            Purpose::AnswerRole { accept } => {
                return self.answer_role(member, circle, *accept).await;
            }
            Purpose::LayDownRole => return self.lay_down(member, circle),
            _ => {}
        }
        if let Purpose::Repay { amount } = purpose {
            return self.repay(member, circle, amount.as_deref()).await;
        }
        if let Purpose::About { act, who, phone, turn } = purpose {
            let [who, phone, turn] = [who, phone, turn].map(Option::as_deref);
            let about = About { who, phone, turn };
            return self.about_somebody(member, circle, phase, *act, about).await;
        }
        let before_start = matches!(
            purpose,
            Purpose::Invite { .. }
                | Purpose::GroupCode
                | Purpose::Requests
                | Purpose::Start
                | Purpose::Leave
                | Purpose::CancelGroup
        );
        match phase {
            Phase::Active if *purpose == Purpose::Leave => self.exit(circle).await,
            ready if ready.is_getting_ready() => match purpose {
                Purpose::Contribute { .. } => self.enter(member, circle).await,
                _ => Ok(Said::reply(Reply::OnlyBeforeStart { name })),
            },
            Phase::Forming if before_start => self.forming(member, purpose, circle).await,
            Phase::Active if before_start => Ok(Said::reply(Reply::OnlyBeforeStart { name })),
            Phase::Forming => Ok(Said::reply(Reply::NotStarted {
                name,
                members: circle.members,
                seats: circle.rules.seats,
            })),
            Phase::Active => match purpose {
                Purpose::Contribute { amount } => {
                    self.contribute(member, circle, amount.as_deref()).await
                }
                Purpose::Vote { approve, number } => {
                    self.vote(member, circle, *approve, number.as_deref()).await
                }
                Purpose::Bid { amount } => self.bid(circle, amount.as_deref()).await,
                Purpose::SellPlace { who, phone } => {
                    self.sell_place(member, circle, (who.as_deref(), phone.as_deref())).await
                }
                _ => {
                    let reply = Reply::ConfirmDissolve { name, members: circle.members };
                    Ok(self.question(reply, Pending::Dissolve { circle: circle.id }))
                }
            },
            _ => Ok(Said::reply(Reply::Over { name })),
        }
    }

    /// What can be done before the start.
    async fn forming(
        &self,
        member: &MemberView,
        purpose: &Purpose,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        let id = circle.id;
        if *purpose == Purpose::Leave {
            return Ok(self.question(Reply::ConfirmLeave { name }, Pending::Leave { circle: id }));
        }
        if let Some(command) = purpose.command().filter(|command| !circle.lets(member.id, *command))
        {
            return Ok(not_yours(circle, command));
        }
        match purpose {
            Purpose::Invite { phone, turn } => {
                self.invite(member, circle, phone.as_deref(), turn.as_deref()).await
            }
            Purpose::GroupCode => self.group_code(member, circle).await,
            Purpose::Requests => self.requests(circle).await,
            Purpose::CancelGroup => Ok(self
                .question(Reply::ConfirmCancelGroup { name }, Pending::CancelGroup { circle: id })),
            _ if circle.members < circle.rules.min_members => {
                self.refused(Error::Refused(Refusal::TooFewMembers))
            }
            _ => {
                let reply = Reply::ConfirmStart {
                    name,
                    members: circle.members,
                    seats: circle.rules.seats,
                };
                Ok(self.question(reply, Pending::Start { circle: id }))
            }
        }
    }

    /// An invitation moves no money and can be given to nobody: it needs no YES.
    async fn invite(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        typed: Option<&str>,
        turn: Option<&str>,
    ) -> Result<Said, Error> {
        let turn = match turn.map(str::parse::<u8>) {
            Some(Err(_)) => return self.refused(Error::Refused(Refusal::BadTurn)),
            Some(Ok(turn)) => Some(turn),
            None => None,
        };
        let phone = match typed.map(|typed| phone::parse(typed, self.region)) {
            Some(Err(problem)) => return Ok(Said::reply(Reply::BadPhone { problem })),
            Some(Ok(phone)) => Some(phone),
            None => None,
        };
        let ctx = self.context(Some(member), "invite");
        match self.desk.invite(&ctx, circle.id, phone, turn).await {
            Ok((_, under_way)) => Ok(Said::after(under_way.intent, Some(circle.id))),
            Err(error) => self.refused(error),
        }
    }

    /// REVOKE: takes nothing from anybody, so it needs no YES.
    pub(super) async fn revoke(
        &self,
        member: &MemberView,
        code: Option<String>,
    ) -> Result<Said, Error> {
        let Some(code) = code else {
            return Ok(Said::reply(Reply::RevokeWhich));
        };
        match self.desk.revoke(&self.context(Some(member), "revoke"), &code).await {
            Ok(under_way) => Ok(Said::after(under_way.intent, Some(under_way.circle))),
            Err(Error::NoSuchInvitation) => self.close_door(member, &code).await,
            Err(error) => self.refused(error),
        }
    }

    /// JOIN: the rules first.
    pub(super) async fn join(
        &self,
        member: &MemberView,
        code: Option<String>,
    ) -> Result<Said, Error> {
        let Some(code) = code else {
            return Ok(Said::reply(Reply::AskCode).step(Step::Code));
        };
        match self.desk.preview(member.id, &code).await {
            Ok(preview) if preview.already_member => {
                Ok(Said::reply(Reply::AlreadyIn { name: preview.circle.name }))
            }
            Ok(preview) => {
                let rules_hash = preview.circle.rules_hash;
                Ok(self
                    .question(Reply::ConfirmJoin { preview }, Pending::Join { code, rules_hash }))
            }
            Err(Error::NoSuchInvitation) => self.ask_for_a_place(member, &code).await,
            Err(error) => self.refused(error),
        }
    }

    pub(super) async fn code_answer(
        &self,
        member: &MemberView,
        input: Input,
    ) -> Result<Outcome, Error> {
        let text = spoken(input).unwrap_or_default();
        match leaves_question(&text) {
            Some(Command::Cancel) => return Ok(Said::reply(Reply::Stopped).into()),
            Some(command) => {
                return Ok(self.command(member, command).await?.with(Remark::Dropped).into());
            }
            None => {}
        }
        let said = match parser::parse(&text) {
            Command::Empty | Command::TooLong => Said::reply(Reply::AskCode).step(Step::Code),
            Command::Join { code } => self.join(member, code).await?,
            command if command.is_order() => {
                self.command(member, command).await?.with(Remark::Dropped)
            }
            _ => match parser::parse(&format!("join {text}")) {
                Command::Join { code: Some(code) } => self.join(member, Some(code)).await?,
                _ => Said::reply(Reply::AskCode).step(Step::Code),
            },
        };
        Ok(said.into())
    }
}

impl Purpose {
    /// What a command about a group wants, and by what the group is looked for; `None` when it is no such.
    fn of(command: Command) -> Option<(Self, Target)> {
        Some(match command {
            Command::Invite(Whom { phone, turn, group, .. }) => {
                // The figure may turn out to be a part of the group's name.
                let target = Target { figure: phone.clone(), group };
                (Purpose::Invite { phone, turn }, target)
            }
            Command::GroupCode(target) => (Purpose::GroupCode, target),
            Command::Requests(target) => (Purpose::Requests, target),
            Command::Approve(whom) => Purpose::about(Act::Approve, whom),
            Command::Reject(whom) => Purpose::about(Act::Reject, whom),
            Command::Remove(whom) => Purpose::about(Act::Remove, whom),
            Command::Expel(whom) => Purpose::about(Act::Expel, whom),
            Command::Move(whom) => Purpose::about(Act::Move, whom),
            Command::Swap(whom) => Purpose::about(Act::Swap, whom),
            Command::SellPlace(whom) => {
                let target = whom.target();
                (Purpose::SellPlace { who: whom.who, phone: whom.phone }, target)
            }
            Command::Role { whom, role: Some(role) } if whom.who.is_some() => {
                let act = match role {
                    RoleWord::Office(office) => Act::Appoint(office),
                    RoleWord::Member => Act::Relieve,
                };
                Purpose::about(act, whom)
            }
            Command::Roles(target) => (Purpose::Roles, target),
            Command::AcceptRole(target) => (Purpose::AnswerRole { accept: true }, target),
            Command::DeclineRole(target) => (Purpose::AnswerRole { accept: false }, target),
            Command::LayDownRole(target) => (Purpose::LayDownRole, target),
            Command::Contribute(target) => {
                (Purpose::Contribute { amount: target.figure.clone() }, target)
            }
            Command::Repay(target) => (Purpose::Repay { amount: target.figure.clone() }, target),
            Command::Start(target) => (Purpose::Start, target),
            Command::Leave(target) => (Purpose::Leave, target),
            Command::CancelGroup(target) => (Purpose::CancelGroup, target),
            Command::Dissolve(target) => (Purpose::Dissolve, target),
            Command::Bid(target) => (Purpose::Bid { amount: target.figure.clone() }, target),
            Command::Vote { approve, target } => {
                (Purpose::Vote { approve, number: target.figure.clone() }, target)
            }
            Command::GroupStatus(target) => (Purpose::Status, target),
            _ => return None,
        })
    }

    fn about(act: Act, whom: Whom) -> (Self, Target) {
        let target = whom.target();
        let Whom { who, phone, turn, .. } = whom;
        (Self::About { act, who, phone, turn }, target)
    }

    /// The command before the start that not every member may give.
    const fn command(&self) -> Option<CommandName> {
        match self {
            Self::Invite { .. } => Some(CommandName::Invite),
            Self::GroupCode => Some(CommandName::OpenDoor),
            Self::Requests => Some(CommandName::Approve),
            Self::Start => Some(CommandName::Start),
            Self::CancelGroup => Some(CommandName::Cancel),
            _ => None,
        }
    }

    /// Whether its figure is an amount.
    const fn is_paid(&self) -> bool {
        matches!(self, Self::Contribute { .. } | Self::Repay { .. } | Self::Bid { .. })
    }

    /// When the figure turned out to be a part of the group's name.
    fn without_figure(self) -> Self {
        self.with_figure(None)
    }

    fn with_figure(self, figure: Option<String>) -> Self {
        match self {
            Self::Contribute { .. } => Self::Contribute { amount: figure },
            Self::Repay { .. } => Self::Repay { amount: figure },
            Self::Invite { turn, .. } => Self::Invite { phone: figure, turn },
            Self::Bid { .. } => Self::Bid { amount: figure },
            Self::Vote { approve, .. } => Self::Vote { approve, number: figure },
            purpose => purpose,
        }
    }
}

/// Whether nothing can be done in it any more.
pub(super) const fn is_over(stage: CircleStage) -> bool {
    use Phase::{Cancelled, Completed, Dissolved};
    matches!(
        stage,
        CircleStage::Failed
            | CircleStage::Foreign
            | CircleStage::OnChain(Completed | Dissolved | Cancelled)
    )
}
