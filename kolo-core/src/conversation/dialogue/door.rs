//! Asking for a place by a group's code, and what its organiser sees of that.
use super::which::{Named, named};
use super::{Said, Talk};
use crate::Error;
use crate::conversation::command::Target;
use crate::conversation::reply::Reply;
use crate::conversation::session::{Action, Choice, Pending};
use crate::conversation::{catalogue, clean};
use crate::view::{CircleSummary, MemberView};
use kolo_rules::Refusal;

/// The most choices in one menu.
const MENU: usize = 5;

impl Talk<'_> {
    /// GROUP CODE: gives nobody a place, so it needs no YES.
    pub(super) async fn group_code(
        &self,
        member: &MemberView,
        circle: &CircleSummary,
    ) -> Result<Said, Error> {
        let name = circle.name.clone();
        match self.desk.open_door(&self.context(Some(member), "group-code"), circle.id).await {
            Ok(code) => Ok(Said::reply(Reply::GroupCode { name, code })),
            Err(error) => self.refused(error),
        }
    }

    /// REVOKE with the group's own code: takes nothing from anybody.
    pub(super) async fn close_door(&self, member: &MemberView, code: &str) -> Result<Said, Error> {
        match self.desk.close_door(&self.context(Some(member), "close-door"), code).await {
            Ok(name) => Ok(Said::reply(Reply::GroupCodeClosed { name })),
            Err(Error::NoSuchDoor) => self.refused(Error::NoSuchInvitation),
            Err(error) => self.refused(error),
        }
    }

    /// JOIN with a group's own code: the rules first.
    pub(super) async fn ask_for_a_place(
        &self,
        member: &MemberView,
        code: &str,
    ) -> Result<Said, Error> {
        let door = match self.desk.door(member.id, code).await {
            Ok(door) => door,
            Err(Error::NoSuchDoor) => return self.refused(Error::NoSuchInvitation),
            Err(error) => return self.refused(error),
        };
        let name = door.circle.name.clone();
        if door.already_member {
            return Ok(Said::reply(Reply::AlreadyIn { name }));
        }
        if door.already_waiting {
            return Ok(Said::reply(Reply::AlreadyAsked { name }));
        }
        if door.free == 0 {
            return self.refused(Error::Refused(Refusal::Full));
        }
        let (circle, rules_hash) = (door.circle.id, door.circle.rules_hash);
        Ok(self.question(Reply::ConfirmAsk { door }, Pending::Ask { circle, rules_hash }))
    }

    /// TAKE BACK REQUEST.
    pub(super) async fn take_back(
        &self,
        member: &MemberView,
        target: &Target,
    ) -> Result<Said, Error> {
        let waiting = self.desk.asked_by(member.id).await?;
        let found = match named(&waiting, target) {
            Named::All => waiting.iter().collect(),
            Named::Some(found, _) => found,
            Named::None(_) => Vec::new(),
        };
        let choice = |circle: &&CircleSummary| Choice {
            label: clean::name(&circle.name),
            detail: Some(self.catalogue.line(&catalogue::group_detail(circle, &self.speech))),
            action: Action::Say(format!("TAKE BACK REQUEST {}", circle.id)),
        };
        match found.as_slice() {
            [] => Ok(Said::reply(Reply::NoRequest)),
            [only] => {
                let reply = Reply::ConfirmTakeBack { name: only.name.clone() };
                Ok(self.question(reply, Pending::TakeBack { circle: only.id }))
            }
            several => {
                let choices = several.iter().take(MENU).map(choice).collect();
                Ok(Said::reply(Reply::WhichGroup).choices(choices))
            }
        }
    }

    /// REQUESTS: who waits; buttons when it is only one.
    pub(super) async fn requests(&self, circle: &CircleSummary) -> Result<Said, Error> {
        let name = circle.name.clone();
        let waiting = self.desk.status(circle.id).await?.requests;
        if waiting.is_empty() {
            return Ok(Said::reply(Reply::NobodyWaits { name }));
        }
        let choices = match waiting.as_slice() {
            [only] => ["APPROVE", "REJECT"]
                .map(|word| format!("{word} {} {}", only.address, circle.id))
                .into_iter()
                .zip(["label-approve", "label-reject"])
                .map(|(order, label)| self.say(label, &order))
                .collect(),
            _ => Vec::new(),
        };
        let free = circle.rules.seats.saturating_sub(circle.members);
        Ok(Said::reply(Reply::Requests { name, waiting, free }).choices(choices))
    }
}
