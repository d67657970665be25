//! The answer to a question, and what a YES does.
use super::{Input, Outcome, Said, Talk, spoken};
use crate::Error;
use crate::circle::{Question, UnderWay};
use crate::conversation::command::Command;
use crate::conversation::parser;
use crate::conversation::reply::{Remark, Reply};
use crate::conversation::session::{Action, Pending};
use crate::view::MemberView;

impl Talk<'_> {
    pub(super) async fn confirm_answer(
        &self,
        member: &MemberView,
        pending: Pending,
        input: Input,
    ) -> Result<Outcome, Error> {
        let said = match &input {
            Input::Typed(text) => Some(text.clone()),
            _ => None,
        };
        let command = match input {
            Input::Chosen(Action::Yes) => Command::Yes,
            Input::Chosen(Action::No) => Command::No,
            input => parser::parse(&spoken(input).unwrap_or_default()),
        };
        if let (Pending::Create(draft), Some(text)) = (&pending, &said)
            && let Some(asked) = self.another_order(draft.clone(), text)?
        {
            return Ok(asked.into());
        }
        match command {
            Command::Yes => Ok(self.execute(member, pending).await?.into()),
            Command::No => Ok(Said::reply(Reply::Declined).into()),
            Command::Cancel => Ok(Said::reply(Reply::Stopped).into()),
            command if command.is_order() => {
                Ok(self.command(member, command).await?.with(Remark::Dropped).into())
            }
            // The question stands, with its buttons and its time.
            _ => Ok(Outcome::Kept(Reply::YesOrNo, None)),
        }
    }

    /// Calls the service at once: a repeated turn must give the same command under the same key,
    /// whatever has changed since.
    async fn execute(&self, member: &MemberView, pending: Pending) -> Result<Said, Error> {
        let ctx = |purpose| self.context(Some(member), purpose);
        if pending.is_offer() {
            return self.execute_offer(member, pending).await;
        }
        if let Pending::ProposeByNumber { circle, seat, handover, phone } = pending {
            let ctx = ctx("propose");
            let done = self.desk.propose_by_number(&ctx, circle, &seat, handover, &phone).await;
            return match done {
                Ok(()) => Ok(Said::reply(Reply::PassedOn { number: phone })),
                Err(error) => self.refused(error),
            };
        }
        if pending.is_role() {
            return self.execute_role(member, pending).await;
        }
        let answer: Result<UnderWay, Error> = match pending {
            Pending::Create(draft) => match draft.complete() {
                Some(wanted) => self.desk.create(&ctx("create"), wanted).await,
                None => return Ok(Said::reply(Reply::NothingToConfirm)),
            },
            Pending::Join { code, rules_hash } => {
                self.desk.join(&ctx("join"), &code, rules_hash).await
            }
            Pending::Contribute { circle, round, amount } => {
                self.desk.contribute(&ctx("contribute"), circle, round, amount).await
            }
            Pending::Repay { circle, amount } => {
                self.desk.repay(&ctx("repay"), circle, amount).await
            }
            Pending::Start { circle } => self.desk.start(&ctx("start"), circle).await,
            Pending::Leave { circle } => self.desk.leave(&ctx("leave"), circle).await,
            Pending::CancelGroup { circle } => self.desk.cancel(&ctx("cancel-group"), circle).await,
            Pending::Dissolve { circle } => {
                self.desk.propose(&ctx("dissolve"), circle, Question::Dissolve).await
            }
            Pending::Vote { circle, proposal, approve } => {
                self.desk.vote(&ctx("vote"), circle, proposal, approve).await
            }
            Pending::Exit { circle } => self.desk.exit(&ctx("exit"), circle).await,
            Pending::Enter { circle, bond: true, .. } => {
                self.desk.commit(&ctx("commit"), circle).await
            }
            Pending::Enter { circle, amount, bond: false } => {
                self.desk.secure(&ctx("secure"), circle, amount).await
            }
            Pending::Bid { circle, round, amount } => {
                self.desk.bid(&ctx("bid"), circle, round, amount).await
            }
            about_somebody => self.execute_about(member, about_somebody).await,
        };
        match answer {
            Ok(under_way) => Ok(Said::after(under_way.intent, Some(under_way.circle))),
            Err(error) => self.refused(error),
        }
    }
}
