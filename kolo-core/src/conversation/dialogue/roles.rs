//! Who does what: ROLES, ROLE, and the answer of who was asked.
use super::people::Person;
use super::{Said, Talk};
use crate::Error;
use crate::circle::{Action, Appointment, Office, OfficeChange, Role};
use crate::conversation::catalogue::office_answers;
use crate::conversation::reply::{OfficerLine, Reply};
use crate::conversation::session::Pending;
use crate::port::authorizer::CommandName;
use crate::view::{CircleStatus, CircleSummary, MemberView};

impl Talk<'_> {
    /// ROLES.
    pub(super) async fn roles(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let mut officers = Vec::with_capacity(circle.officers.len());
        for officer in &circle.officers {
            let who = self.desk.member(officer.member).await?.name;
            officers.push(OfficerLine { who, office: officer.office, accepted: officer.accepted });
        }
        officers.sort_by_key(|line| (line.office, !line.accepted));
        let asked = circle.officers.iter().any(|o| o.member == member.id && !o.accepted);
        let answers = if asked { office_answers(&circle.id) } else { Vec::new() };
        let reply = Reply::Roles {
            name: circle.name.clone(),
            organiser: self.desk.member(circle.organiser).await?.name,
            officers,
            yours: circle.lets(member.id, CommandName::NameOfficer),
        };
        let choices = answers.iter().map(|(label, order)| self.say(label, order)).collect();
        Ok(Said::reply(reply).choices(choices))
    }

    /// ROLE with an office: what it gives, as a question.
    pub(super) fn appointing(
        &self,
        member: &MemberView,
        status: &CircleStatus,
        person: &Person,
        office: Office,
    ) -> Result<Said, Error> {
        let (who, circle) = (person.name.clone(), status.summary.id);
        let Some(whom) = person.member else {
            return Ok(Said::reply(Reply::CannotBeAsked { who }));
        };
        if status.summary.officers.iter().any(|o| o.member == whom && o.office == office) {
            return self.refused(Error::HasOffice);
        }
        let (name, you) = (status.summary.name.clone(), whom == member.id);
        let pending = Pending::Role { circle, whom, office: Some(office) };
        Ok(self.question(Reply::ConfirmRole { name, who, office, you }, pending))
    }

    /// ROLE with MEMBER: of oneself it is laid down.
    pub(super) fn relieving(
        &self,
        member: &MemberView,
        status: &CircleStatus,
        person: &Person,
    ) -> Result<Said, Error> {
        let circle = &status.summary;
        let lets = circle.lets(member.id, CommandName::RelieveOfficer);
        if !lets && person.member == Some(member.id) {
            return self.lay_down(member, circle);
        }
        if !lets {
            return Ok(not_yours(circle, CommandName::RelieveOfficer));
        }
        let theirs = |officer: &&crate::view::OfficerView| Some(officer.member) == person.member;
        // The question comes before what is held, as the service takes it.
        let found = circle.officers.iter().filter(theirs).min_by_key(|officer| officer.accepted);
        let Some(officer) = found else { return self.refused(Error::NoOffice) };
        let (name, who, office) = (circle.name.clone(), person.name.clone(), officer.office);
        let you = officer.member == member.id;
        let pending = Pending::Role { circle: circle.id, whom: officer.member, office: None };
        Ok(self.question(Reply::ConfirmRoleEnd { name, who, office, you }, pending))
    }

    /// LAY DOWN ROLE.
    pub(super) fn lay_down(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let Some(office) = circle.office_of(member.id) else {
            return self.refused(Error::NoOffice);
        };
        let (name, who) = (circle.name.clone(), member.name.clone());
        let pending = Pending::LayDownRole { circle: circle.id };
        Ok(self.question(Reply::ConfirmRoleEnd { name, who, office, you: true }, pending))
    }

    /// ACCEPT ROLE, DECLINE ROLE: the answer itself, so it needs no YES.
    pub(super) async fn answer_role(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
        accept: bool,
    ) -> Result<Said, Error> {
        let ctx = self.context(Some(member), "answer-role");
        let done = self.desk.answer_office(&ctx, circle.id, accept).await;
        let change = if accept { OfficeChange::Taken } else { OfficeChange::Declined };
        self.role_done(member, done, change).await
    }

    /// What a YES about an office does.
    pub(super) async fn execute_role(
        &self,
        member: &MemberView,
        pending: Pending,
    ) -> Result<Said, Error> {
        let ctx = |purpose| self.context(Some(member), purpose);
        let (done, held, open) = match pending {
            Pending::Role { circle, whom, office: Some(office) } => (
                self.desk.name_officer(&ctx("role"), circle, whom, office).await,
                OfficeChange::Taken,
                OfficeChange::Asked,
            ),
            Pending::Role { circle, whom, office: None } => (
                self.desk.relieve_officer(&ctx("role-end"), circle, whom).await,
                OfficeChange::Ended,
                OfficeChange::Withdrawn,
            ),
            Pending::LayDownRole { circle } => (
                self.desk.lay_down_office(&ctx("lay-down"), circle).await,
                OfficeChange::Ended,
                OfficeChange::Ended,
            ),
            _ => return self.refused(Error::NotAvailable),
        };
        let change = match &done {
            Ok(done) if done.held => held,
            _ => open,
        };
        self.role_done(member, done, change).await
    }

    async fn role_done(
        &self,
        member: &MemberView,
        done: Result<Appointment, Error>,
        change: OfficeChange,
    ) -> Result<Said, Error> {
        let done = match done {
            Ok(done) => done,
            Err(error) => return self.refused(error),
        };
        Ok(Said::reply(Reply::RoleDone {
            name: self.desk.status(done.circle).await?.summary.name,
            who: self.desk.member(done.member).await?.name,
            office: done.office,
            you: done.member == member.id,
            change,
        }))
    }
}

/// Who may do it instead.
pub(super) fn not_yours(circle: &CircleSummary, command: CommandName) -> Said {
    let name = circle.name.clone();
    Said::reply(match Action::Do(command).who_may() {
        [Role::Organiser] => Reply::OnlyOrganiser { name },
        who => Reply::OnlyOfficers { name, who },
    })
}
