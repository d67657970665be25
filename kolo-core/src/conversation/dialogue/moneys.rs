//! Where people save in several assets: of which of them an amount is.
use super::{Said, Talk};
use crate::conversation::amount::{self, AmountProblem};
use crate::conversation::catalogue::Speech;
use crate::conversation::command::Target;
use crate::view::{MemberView, WalletView};
use crate::{Asset, CircleId, Error};
use kolo_rules::Amount;

impl<'a> Talk<'a> {
    /// The same talk about what is saved in this asset.
    pub(super) fn in_asset(&self, asset: &Asset) -> Talk<'a> {
        Talk { speech: self.speech.of(asset), ..*self }
    }

    /// The talk about a group of theirs that is no longer at hand; about the usual asset without one.
    pub(super) async fn in_asset_of(
        &self,
        member: &MemberView,
        circle: Option<CircleId>,
    ) -> Result<Talk<'a>, Error> {
        let Some(circle) = circle.filter(|_| self.has_choice()) else {
            return Ok(self.in_asset(&self.speech.asset));
        };
        let circles = self.desk.circles_of(member.id).await?;
        let found = circles.iter().find(|summary| summary.id == circle);
        Ok(self.in_asset(found.map_or(&self.speech.asset, |found| &found.asset)))
    }

    /// Whether people save in several.
    pub(super) fn has_choice(&self) -> bool {
        self.desk.assets().are_several()
    }

    /// An amount of what this talk is about: with its code or without one, but with no other's.
    pub(super) fn amount(&self, typed: &str) -> Result<Amount, AmountProblem> {
        amount::parse_of(typed, &self.speech.asset, self.desk.assets())
    }

    /// What a member has of what this talk is about.
    pub(super) async fn purse(&self, member: &MemberView) -> Result<WalletView, Error> {
        self.desk.balance_in(member.id, &self.speech.asset).await
    }

    /// What is missing is missing of one asset, whatever the talk was about.
    pub(super) fn speech_on(&self, error: &Error) -> Speech {
        let assets = self.desk.assets();
        let of = match error {
            Error::InsufficientFunds { of, .. } => assets.iter().find(|a| a.asset.key() == *of),
            _ => None,
        };
        self.speech.of(of.map_or(&self.speech.asset, |allowed| &allowed.asset))
    }

    /// `10 EURC Market Women`: the code behind a figure belongs to it and not to the group's name.
    pub(super) fn with_unit(&self, target: Target) -> Target {
        let Target { figure: Some(figure), group: Some(group) } = &target else { return target };
        let (first, rest) = group.split_once(' ').unwrap_or((group, ""));
        let is_code = self.has_choice() && self.desk.assets().by_code(first).is_some();
        if !is_code {
            return target;
        }
        let group = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        Target { figure: Some(format!("{figure} {first}")), group }
    }
}

impl Said {
    /// Its amounts are of what the talk was about.
    pub(super) fn by(self, talk: &Talk<'_>) -> Self {
        self.of(&talk.speech.asset)
    }
}
