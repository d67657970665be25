//! Somebody new.
use super::{Input, Outcome, Said, Talk, fit_name, leaves_question, spoken};
use crate::Error;
use crate::conversation::clean;
use crate::conversation::command::Command;
use crate::conversation::parser;
use crate::conversation::reply::{Remark, Reply};
use crate::conversation::session::Step;
use crate::member::Register;
use crate::view::MemberView;

/// How much of a first message is kept until its sender has a name.
const KEPT: usize = 200;

impl Talk<'_> {
    /// Registers by the profile's name or the one asked for, then does what they wanted.
    pub(super) async fn stranger(
        &self,
        step: Option<Step>,
        input: Input,
    ) -> Result<Outcome, Error> {
        let text = spoken(input).unwrap_or_default();
        let (name, wanted) = match step {
            Some(Step::Name { then }) => {
                let name = match parser::parse(&text) {
                    Command::Register { name: Some(name) } => fit_name(&name),
                    _ if leaves_question(&text).is_some() => None,
                    _ => fit_name(&text),
                };
                let Some(name) = name else {
                    return Ok(Said::reply(Reply::AskNameAgain).step(Step::Name { then }).into());
                };
                (name, parser::parse(&then))
            }
            _ => match (parser::parse(&text), self.inbound.name.as_deref().map(clean::name)) {
                (Command::Register { name: Some(name) }, _) if fit_name(&name).is_some() => {
                    (clean::name(&name), Command::Greeting)
                }
                (wanted, Some(name)) if !name.is_empty() => (name, wanted),
                _ => {
                    let then = clean::clip(&text, KEPT).to_owned();
                    return Ok(Said::reply(Reply::AskName).step(Step::Name { then }).into());
                }
            },
        };
        let who = Register {
            external_id: None,
            contact: Some(self.inbound.from.clone()),
            name: name.clone(),
            phone: self.inbound.phone.clone(),
        };
        match self.desk.register(&self.context(None, "register"), who).await {
            Ok(member) => Ok(self.first(&member, wanted).await?.into()),
            Err(Error::BadText { .. }) => {
                let then = clean::clip(&text, KEPT).to_owned();
                Ok(Said::reply(Reply::AskNameAgain).step(Step::Name { then }).into())
            }
            Err(error) => Ok(self.refused(error)?.into()),
        }
    }

    /// The first answer to a new member.
    pub(super) async fn first(&self, member: &MemberView, wanted: Command) -> Result<Said, Error> {
        let is_hello = !wanted.is_order()
            || matches!(wanted, Command::Greeting | Command::Register { .. } | Command::Help);
        if is_hello {
            return self.welcome(member).await;
        }
        let said = self.command(member, wanted).await?;
        Ok(said.with(Remark::Welcome { name: member.name.clone() }))
    }
}
