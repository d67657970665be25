//! The menu, HELP, and where somebody stands.
use super::{Said, Talk};
use crate::conversation::reply::{Home, Reply};
use crate::conversation::session::Choice;
use crate::port::authorizer::CommandName;
use crate::view::{CircleStage, MemberView};
use crate::{Error, Timestamp};
use kolo_rules::circle::Phase;

/// How many running groups are asked what is due, at most; a menu need not be exhaustive.
const ASKED: usize = 5;

impl Talk<'_> {
    pub(super) async fn welcome(&self, member: &MemberView) -> Result<Said, Error> {
        let home = self.home(member).await?;
        let choices = self.home_choices(&home);
        Ok(Said::reply(Reply::Welcome { name: member.name.clone(), home }).choices(choices))
    }

    pub(super) async fn menu(&self, member: &MemberView) -> Result<Said, Error> {
        let home = self.home(member).await?;
        let choices = self.home_choices(&home);
        Ok(Said::reply(Reply::Menu { name: member.name.clone(), home }).choices(choices))
    }

    pub(super) async fn help(&self, member: &MemberView) -> Result<Said, Error> {
        let home = self.home(member).await?;
        let choices = self.home_choices(&home);
        let test_money = self.desk.test_money_max().is_some();
        Ok(Said::reply(Reply::Help { home, test_money }).choices(choices))
    }

    /// What matters most to them now: money due, else a running group, else one that is filling up.
    async fn home(&self, member: &MemberView) -> Result<Home, Error> {
        let circles = self.desk.circles_of(member.id).await?;
        let mut earliest: Option<(Timestamp, Home)> = None;
        let mut active = false;
        for circle in &circles {
            if circle.stage != CircleStage::OnChain(Phase::Active) {
                continue;
            }
            active = true;
            if earliest.is_some() && circles.len() > ASKED {
                continue;
            }
            let Ok(view) = self.desk.due(member.id, circle.id).await else {
                continue;
            };
            let deadline = Timestamp::from_unix(view.due.deadline);
            let is_due = view.due.amount.is_positive() && !view.due.advance && !view.pending;
            if is_due && earliest.as_ref().is_none_or(|(at, _)| deadline < *at) {
                let amount = view.due.amount;
                let (name, asset) = (circle.name.clone(), circle.asset.clone());
                earliest = Some((deadline, Home::Due { name, asset, amount, deadline }));
            }
        }
        if let Some((_, due)) = earliest {
            return Ok(due);
        }
        if active {
            return Ok(Home::Active);
        }
        let forming = circles.iter().rev().find(|circle| {
            matches!(circle.stage, CircleStage::Creating | CircleStage::OnChain(Phase::Forming))
        });
        if let Some(circle) = forming {
            return Ok(Home::Forming {
                name: circle.name.clone(),
                members: circle.members,
                seats: circle.rules.seats,
                organiser: circle.organiser == member.id,
                invites: circle.lets(member.id, CommandName::Invite),
                starts: circle.lets(member.id, CommandName::Start),
            });
        }
        let waiting = self.desk.asked_by(member.id).await?;
        let name = waiting.into_iter().next_back().map(|circle| circle.name);
        Ok(name.map_or(Home::NoGroup, |name| Home::Waiting { name }))
    }

    fn home_choices(&self, home: &Home) -> Vec<Choice> {
        let balance = self.say("label-balance", "BALANCE");
        let status = self.say("label-status", "GROUP STATUS");
        match home {
            Home::NoGroup => vec![
                self.say("label-create-group", "CREATE GROUP"),
                self.say("label-join-group", "JOIN GROUP"),
                balance,
            ],
            Home::Waiting { .. } => vec![self.say("label-join-group", "JOIN GROUP"), balance],
            Home::Forming { invites: true, .. } => {
                vec![self.say("label-invite", "INVITE"), status, balance]
            }
            Home::Forming { .. } => vec![status, balance],
            Home::Active => vec![status, balance, self.say("label-history", "HISTORY")],
            Home::Due { .. } => vec![self.say("label-contribute", "CONTRIBUTE"), status, balance],
        }
    }
}
