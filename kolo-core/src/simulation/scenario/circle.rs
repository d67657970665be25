//! A circle of the file: its rules, and who is in it from the beginning.

use kolo_rules::circle::{Fee, Order, Premium, Security, Shortfall};
use kolo_rules::{Amount, Refusal, Rules};
use toml::Spanned;

use super::names::{Reader, zero_is_missing};
use super::words::{DepositWord, FeeWord};
use super::{CirclePlan, file};
use crate::simulation::error::{At, ScenarioError};

const DAY_S: u32 = 86_400;

impl Reader<'_> {
    pub fn circle(&self, raw: &Spanned<file::Circle>) -> Result<CirclePlan, ScenarioError> {
        let (circle, start) = (raw.get_ref(), raw.span().start);
        let at = self.at(start, format!("circle {:?}", circle.name));
        let mut members = Vec::new();
        for name in &circle.members {
            let person = self.person(&at, name)?;
            if members.contains(&person) {
                let why = "they are among the members twice";
                return Err(ScenarioError::BadName { at, name: name.clone(), why });
            }
            members.push(person);
        }
        let organiser = match (&circle.organiser, members.first()) {
            (Some(name), _) => self.person(&at, name)?,
            (None, Some(first)) => *first,
            (None, None) => {
                return Err(field(&at, "organiser", "is missing: name one, or members"));
            }
        };
        let turns = self.turns(&at, circle, &members)?;
        let rules = rules(&at, circle)?;
        if members.len() > usize::from(rules.seats) {
            return Err(field(&at, "seats", "are fewer than members; leave `seats` out"));
        }
        let members = members.into_iter().zip(turns).collect();
        Ok(CirclePlan { name: circle.name.clone(), organiser, members, rules, at })
    }

    /// The turn of every member, where the order is fixed.
    fn turns(
        &self,
        at: &At,
        circle: &file::Circle,
        members: &[usize],
    ) -> Result<Vec<Option<u32>>, ScenarioError> {
        if circle.order != file::Order::Fixed {
            return match circle.turns {
                Some(_) => Err(field(at, "turns", "only with order = \"fixed\"")),
                None => Ok(vec![None; members.len()]),
            };
        }
        let Some(turns) = &circle.turns else {
            return Ok((1..).map(Some).take(members.len()).collect());
        };
        let turns: Vec<usize> =
            turns.iter().map(|name| self.person(at, name)).collect::<Result<_, _>>()?;
        let turn = |member: &usize| {
            let turn = (1..).zip(&turns).find(|(_, person)| *person == member);
            turn.map(|(turn, _)| Some(turn))
                .ok_or_else(|| field(at, "turns", "must name every member once"))
        };
        members.iter().map(turn).collect()
    }
}

fn field(at: &At, field: &'static str, why: &str) -> ScenarioError {
    ScenarioError::Field { at: at.clone(), field, why: why.to_owned() }
}

fn rules(at: &At, circle: &file::Circle) -> Result<Rules, ScenarioError> {
    let members = u8::try_from(circle.members.len()).unwrap_or(u8::MAX);
    let seats = circle.seats.unwrap_or(members);
    let plain = Rules::new([0; 32], seats, circle.contribution.0, circle.every.0);
    let auction = circle.order == file::Order::Auction;
    let basis_points = |part: Option<super::words::BasisPoints>, usual: u16| match part {
        Some(part) => part.0,
        None if auction => usual,
        None => 0,
    };
    let premium = match (circle.premium, circle.premium_once) {
        (None, None) => Premium::None,
        (Some(each), None) => Premium::PerInstalment(each.0),
        (None, Some(once)) => Premium::Once(once.0),
        (Some(_), Some(_)) => {
            return Err(field(at, "premium", "and `premium_once` exclude each other"));
        }
    };
    let rules = Rules {
        min_members: circle.min_members.unwrap_or(plain.min_members),
        instalments_per_round: circle.instalments_per_round.unwrap_or(1),
        utc_offset_s: circle.utc_offset.map_or(0, |offset| offset.0),
        grace_s: circle.grace.map_or(plain.grace_s, |grace| grace.0),
        order: match circle.order {
            file::Order::Join => Order::Join,
            file::Order::Fixed => Order::Fixed,
            file::Order::Random => Order::Random,
            file::Order::Auction => Order::Auction,
        },
        shortfall: match circle.shortfall {
            file::Shortfall::ShortPot => Shortfall::ShortPot,
            file::Shortfall::Wait => Shortfall::Wait,
            file::Shortfall::Share => Shortfall::Share,
        },
        advance: circle.advance,
        partial: circle.partial,
        vote_period_s: circle.vote_period.map_or(plain.vote_period_s, |period| period.0),
        fee: match circle.late_fee {
            None => Fee::None,
            Some(FeeWord::Fixed(fee)) => Fee::Fixed(fee),
            Some(FeeWord::Part(part)) => Fee::BasisPoints(part.0),
        },
        security: match circle.deposit {
            None => Security::None,
            Some(DepositWord::Fixed(deposit)) => Security::Fixed(deposit),
            Some(DepositWord::Exposure) => Security::Exposure,
        },
        premium,
        insurance_target: zero_is_missing(circle.insurance_target),
        bid_floor_bp: basis_points(circle.bid_floor, 6_500),
        bid_step_bp: basis_points(circle.bid_step, 9_800),
        bond: zero_is_missing(circle.bond),
        setup_period_s: 0,
        ..plain
    };
    let waits = rules.has_draw() || rules.has_entry_payment();
    let usual = if waits { 3 * DAY_S } else { 0 };
    let setup_period_s = circle.setup_period.map_or(usual, |period| period.0);
    let rules = Rules { setup_period_s, ..rules };
    match rules.validate() {
        Ok(()) => Ok(rules),
        Err(Refusal::Overflow) => {
            Err(impossible(at, "the amounts are too large; use smaller ones"))
        }
        Err(_) => Err(impossible(at, what_is_wrong(circle, &rules))),
    }
}

fn impossible(at: &At, why: &str) -> ScenarioError {
    ScenarioError::Rules { at: at.clone(), why: format!("no circle can be run so: {why}") }
}

/// Names the rule that [`Rules::validate`] does not like.
fn what_is_wrong(circle: &file::Circle, rules: &Rules) -> &'static str {
    let zero = |amount: Option<super::words::Money>| amount.is_some_and(|it| it.0 == Amount::ZERO);
    let auction = rules.order == Order::Auction;
    if rules.seats < 2 || rules.min_members < 2 || rules.min_members > rules.seats {
        "`seats` are 2 to 64, `min_members` 2 to `seats`"
    } else if rules.seats > 64 {
        "there are at most 64 seats"
    } else if !rules.contribution.is_positive() || rules.instalments_per_round == 0 {
        "`contribution` and `instalments_per_round` are more than zero"
    } else if auction && rules.security == Security::Exposure {
        "an auction has no exposure deposit, since nobody knows their turn; name an amount"
    } else if !auction && (circle.bid_floor.is_some() || circle.bid_step.is_some()) {
        "`bid_floor` and `bid_step` are for order = \"auction\""
    } else if rules.has_draw() != rules.bond.is_positive() {
        "`bond` is more than zero with order = \"random\", and missing without"
    } else if matches!(rules.premium, Premium::PerInstalment(_)) && rules.partial {
        "premiums with every instalment cannot be paid in parts: leave `partial` or `premium` out"
    } else if matches!(rules.premium, Premium::PerInstalment(_))
        != rules.insurance_target.is_positive()
    {
        "`premium` and `insurance_target` go together, both more than zero"
    } else if zero(circle.premium_once) {
        "`premium_once` is more than zero, or left out"
    } else {
        "a length of time, a fee, a deposit or a part is zero or too large; leave it out for none"
    }
}
