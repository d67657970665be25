//! Who does what: ROLES, ROLE, and the answer of who was asked.
use super::groups::is_over;
use super::people::Person;
use super::{Said, Talk};
use crate::Error;
use crate::circle::{Action, Appointment, Office, OfficeChange, Role};
use crate::conversation::catalogue::office_answers;
use crate::conversation::reply::{OfficerLine, Reply};
use crate::conversation::session::Pending;
use crate::port::authorizer::CommandName;
use crate::view::{CircleStatus, CircleSummary, MemberView, OfficerView};

impl Talk<'_> {
    /// ROLES.
    pub(super) async fn roles(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let mut officers = Vec::with_capacity(circle.officers.len());
        // What was asked and not answered before the end has ended with the circle.
        let stands = |officer: &&OfficerView| officer.accepted || !is_over(circle.stage);
        for officer in circle.officers.iter().filter(stands) {
            let who = self.desk.member(officer.member).await?.name;
            officers.push(OfficerLine { who, office: officer.office, accepted: officer.accepted });
        }
        officers.sort_by_key(|line| (line.office, !line.accepted));
        let asked = circle
            .officers
            .iter()
            .filter(stands)
            .any(|officer| officer.member == member.id && !officer.accepted);
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
        let instead_of = status.summary.office_of(whom);
        let pending = Pending::Role { circle, whom, office };
        Ok(self.question(Reply::ConfirmRole { name, who, office, you, instead_of }, pending))
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
        let theirs = |officer: &&OfficerView| Some(officer.member) == person.member;
        // The question comes before what is held: it is the newer.
        let found = circle.officers.iter().filter(theirs).min_by_key(|officer| officer.accepted);
        let Some(officer) = found else { return self.refused(Error::NoOffice) };
        let (name, who) = (circle.name.clone(), person.name.clone());
        let &OfficerView { member: whom, office, accepted: held } = officer;
        let you = whom == member.id;
        let pending = Pending::RoleEnd { circle: circle.id, whom, office, held };
        Ok(self.question(Reply::ConfirmRoleEnd { name, who, office, you, held }, pending))
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
        let reply = Reply::ConfirmRoleEnd { name, who, office, you: true, held: true };
        Ok(self.question(reply, pending))
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
            Pending::Role { circle, whom, office } => (
                self.desk.name_officer(&ctx("role"), circle, whom, office).await,
                OfficeChange::Taken,
                OfficeChange::Asked,
            ),
            Pending::RoleEnd { circle, whom, office, held } => (
                self.desk.relieve_officer(&ctx("role-end"), circle, whom, office, held).await,
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
