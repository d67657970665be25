//! Which group is meant: by its name, by a number, by a choice.
use super::{Input, Outcome, Said, Talk, spoken};
use crate::conversation::catalogue::group_detail;
use crate::conversation::command::{Command, Target};
use crate::conversation::reply::{Remark, Reply};
use crate::conversation::session::{Action, Choice, Purpose, Step};
use crate::conversation::{clean, parser};
use crate::view::{CircleSummary, MemberView};
use crate::{CircleId, Error};

/// The most groups in one menu; one choice more leads on.
const LISTED: usize = 4;
/// The most choices in one menu.
const MENU: usize = 5;

impl Talk<'_> {
    /// Asks which, at most five choices at a time.
    pub(super) fn which(&self, purpose: Purpose, circles: &[&CircleSummary], from: usize) -> Said {
        let rest = circles.get(from..).unwrap_or_default();
        let shown = if rest.len() > MENU || from > 0 { LISTED } else { MENU };
        let mut choices: Vec<Choice> = rest
            .iter()
            .take(shown)
            .map(|circle| Choice {
                label: clean::name(&circle.name),
                detail: Some(self.catalogue.line(&group_detail(circle, &self.speech))),
                action: Action::Group(circle.id),
            })
            .collect();
        if circles.len() > MENU {
            let label = self.catalogue.label("label-more-groups");
            choices.push(Choice { label, detail: None, action: Action::MoreGroups });
        }
        let groups = circles.iter().map(|circle| circle.id).collect();
        Said::reply(Reply::WhichGroup).step(Step::Which { purpose, groups, from }).choices(choices)
    }

    pub(super) async fn which_answer(
        &self,
        member: &MemberView,
        purpose: Purpose,
        groups: &[CircleId],
        from: usize,
        input: Input,
    ) -> Result<Outcome, Error> {
        let circles = self.desk.circles_of(member.id).await?;
        let offered: Vec<&CircleSummary> =
            circles.iter().filter(|c| groups.contains(&c.id)).collect();
        let text = match input {
            Input::Chosen(Action::Group(id)) => {
                return match offered.iter().find(|circle| circle.id == id) {
                    Some(circle) => Ok(self.with_group(member, &purpose, circle).await?.into()),
                    None => Ok(self.refused(Error::NoSuchCircle)?.into()),
                };
            }
            Input::Chosen(Action::MoreGroups) => {
                let next = if from + LISTED < offered.len() { from + LISTED } else { 0 };
                return Ok(self.which(purpose, &offered, next).into());
            }
            input => spoken(input).unwrap_or_default(),
        };
        let named: Vec<&CircleSummary> =
            offered.iter().filter(|c| is_called(c, &text)).copied().collect();
        if let [only] = named.as_slice() {
            return Ok(self.with_group(member, &purpose, only).await?.into());
        }
        match parser::parse(&text) {
            Command::Cancel | Command::No => Ok(Said::reply(Reply::Stopped).into()),
            command if command.is_order() => {
                Ok(self.command(member, command).await?.with(Remark::Dropped).into())
            }
            _ => Ok(Outcome::Kept(Reply::NoSuchChoice { most: offered.len().min(MENU) }, None)),
        }
    }
}

pub(super) enum Named<'c> {
    All,
    /// These; whether the figure was a part of the name.
    Some(Vec<&'c CircleSummary>, bool),
    None(String),
}

/// The groups a text can mean: exactly so called, else beginning so, else containing it.
pub(super) fn named<'c>(circles: &'c [CircleSummary], target: &Target) -> Named<'c> {
    let whole = target.whole();
    if target.figure.is_some() {
        let so_called: Vec<_> = circles.iter().filter(|c| is_called(c, &whole)).collect();
        if !so_called.is_empty() {
            return Named::Some(so_called, true);
        }
    }
    let Some(typed) = &target.group else {
        return Named::All;
    };
    let key = parser::comparable(typed);
    if key.is_empty() {
        return Named::All;
    }
    let name = |circle: &CircleSummary| parser::comparable(&circle.name);
    let tests: [&dyn Fn(&CircleSummary) -> bool; 4] = [
        // Buttons name a group by its id.
        &|circle| circle.id.to_string() == key,
        &|circle| name(circle) == key,
        &|circle| name(circle).starts_with(&key),
        &|circle| name(circle).contains(&key),
    ];
    for test in tests {
        let found: Vec<_> = circles.iter().filter(|circle| test(circle)).collect();
        if !found.is_empty() {
            return Named::Some(found, false);
        }
    }
    Named::None(typed.clone())
}

pub(super) fn is_called(circle: &CircleSummary, text: &str) -> bool {
    let key = parser::comparable(text);
    !key.is_empty() && parser::comparable(&circle.name) == key
}
