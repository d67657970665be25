//! `1.000` could be a thousand or one: which is asked, and the bare answer understood.
use super::{Input, Outcome, Said, Talk, spoken};
use crate::Error;
use crate::conversation::amount::{self, AmountProblem};
use crate::conversation::command::Command;
use crate::conversation::message::LABEL_MAX;
use crate::conversation::parser;
use crate::conversation::reply::{Remark, Reply};
use crate::conversation::session::{Action, AmountOf, Choice, Purpose, Step};
use crate::view::MemberView;

impl Talk<'_> {
    /// What is wrong with an amount; if it could be either of two, as a question.
    pub(super) fn bad_amount(&self, problem: AmountProblem, of: AmountOf) -> Said {
        let AmountProblem::Ambiguous { grouped, pointed } = &problem else {
            return Said::reply(Reply::BadAmount { problem });
        };
        let (grouped, pointed) = (grouped.clone(), pointed.clone());
        let choices = [&grouped, &pointed].map(|amount| Choice {
            label: amount.clone(),
            detail: None,
            action: Action::Say(amount.clone()),
        });
        let are_labels = choices.iter().all(|choice| choice.label.len() <= LABEL_MAX);
        let said =
            Said::reply(Reply::BadAmount { problem }).step(Step::Either { of, grouped, pointed });
        if are_labels { said.choices(choices.to_vec()) } else { said }
    }

    /// A bare figure is an amount here, never the number of a choice.
    pub(super) async fn either_answer(
        &self,
        member: &MemberView,
        of: AmountOf,
        asked: AmountProblem,
        input: Input,
    ) -> Result<Outcome, Error> {
        let text = spoken(input).unwrap_or_default();
        match parser::parse(&text) {
            Command::Cancel | Command::No => return Ok(Said::reply(Reply::Stopped).into()),
            command if command.is_order() => {
                return Ok(self.command(member, command).await?.with(Remark::Dropped).into());
            }
            _ => {}
        }
        let circle = match &of {
            AmountOf::Contribution { circle }
            | AmountOf::Repayment { circle }
            | AmountOf::Bid { circle } => Some(*circle),
            AmountOf::TestMoney => None,
        };
        let talk = match amount::unit_in(&text, self.desk.assets()).filter(|_| circle.is_none()) {
            Some(allowed) => self.in_asset(&allowed.asset),
            None => self.in_asset_of(member, circle).await?,
        };
        let kept = |problem| {
            let of = Some(talk.speech.asset.clone());
            Ok(Outcome::Kept(Reply::BadAmount { problem }, of))
        };
        match talk.amount(&text) {
            Ok(_) | Err(AmountProblem::Ambiguous { .. }) => {
                Ok(self.with_amount(member, of, text).await?.into())
            }
            // The question stands, with its buttons and its time.
            Err(AmountProblem::NotANumber | AmountProblem::Empty) => kept(asked),
            Err(problem) => kept(problem),
        }
    }

    /// As if the command had been sent with this amount: its own questions follow.
    async fn with_amount(
        &self,
        member: &MemberView,
        of: AmountOf,
        text: String,
    ) -> Result<Said, Error> {
        let amount = Some(text);
        let (purpose, circle) = match of {
            AmountOf::TestMoney => return self.test_money(member, amount).await,
            AmountOf::Contribution { circle } => (Purpose::Contribute { amount }, circle),
            AmountOf::Repayment { circle } => (Purpose::Repay { amount }, circle),
            AmountOf::Bid { circle } => (Purpose::Bid { amount }, circle),
        };
        let circles = self.desk.circles_of(member.id).await?;
        match circles.iter().find(|summary| summary.id == circle) {
            Some(circle) => self.with_group(member, &purpose, circle).await,
            None => self.refused(Error::NoSuchCircle),
        }
    }
}
