//! Where people save in several assets: of which of them an amount is, and for which group.
use super::which::{Named, is_called, named};
use super::{Said, Talk};
use crate::conversation::amount::{self, AmountProblem};
use crate::conversation::catalogue::Speech;
use crate::conversation::command::Target;
use crate::view::{CircleSummary, MemberView, WalletView};
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

    /// The groups an amount can be for, and the amount: in `10 EURC Market Women` the code belongs to the figure,
    /// in `10 EURC Savers` to the name of a group that is called so. Where it can be either, the amount keeps
    /// its unit and all of them are meant: who is asked which chooses no other money by it.
    pub(super) fn named_to_pay<'c>(
        &self,
        circles: &'c [CircleSummary],
        target: Target,
    ) -> (Named<'c>, Option<String>) {
        let Some((bare, unit, rest)) = self.split_unit(&target) else {
            return (named(circles, &target), target.figure);
        };
        let figure = Some(format!("{bare} {unit}"));
        let of_unit = Target { figure: figure.clone(), group: rest.clone() };
        // The code and nothing else is no name.
        let Some(rest) = rest else { return (named(circles, &of_unit), figure) };
        let name = format!("{unit} {rest}");
        let of_name = Target { figure: Some(bare.clone()), group: Some(name.clone()) };
        match named(circles, &of_name) {
            Named::Some(mut found, false) => {
                let mut others = match named(circles, &of_unit) {
                    Named::Some(others, _) => others,
                    Named::All | Named::None(_) => Vec::new(),
                };
                // The whole name is meant by whoever types it, unless another group is called just by the rest.
                let whole = found.iter().any(|circle| is_called(circle, &name));
                others
                    .retain(|other| !found.contains(other) && (!whole || is_called(other, &rest)));
                if others.is_empty() {
                    return (Named::Some(found, false), Some(bare));
                }
                found.extend(others);
                (Named::Some(found, false), figure)
            }
            whole @ Named::Some(_, true) => (whole, None),
            _ => (named(circles, &of_unit), figure),
        }
    }

    /// A figure, the word behind it that may be its unit, and what comes then.
    fn split_unit(&self, target: &Target) -> Option<(String, String, Option<String>)> {
        let (assets, figure) = (self.desk.assets(), target.figure.as_ref()?);
        if let Some((bare, unit)) = figure.rsplit_once(' ')
            && assets.iter().any(|allowed| amount::is_of(unit, &allowed.asset, assets))
        {
            return Some((bare.to_owned(), unit.to_owned(), target.group.clone()));
        }
        let group = target.group.as_ref()?;
        let (first, rest) = group.split_once(' ').unwrap_or((group, ""));
        let rest = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        let is_code = self.has_choice() && assets.by_code(first).is_some();
        is_code.then(|| (figure.clone(), first.to_owned(), rest))
    }
}

impl Said {
    /// Its amounts are of what the talk was about.
    pub(super) fn by(self, talk: &Talk<'_>) -> Self {
        self.of(&talk.speech.asset)
    }
}
