//! CREATE GROUP: asks for what is missing, then shows the rules.
use kolo_rules::circle::Shortfall;
use sha2::{Digest, Sha256};

use super::{Input, Outcome, Said, Talk, fit_name, leaves_question, spoken};
use crate::Error;
use crate::conversation::amount::{self, AmountProblem};
use crate::conversation::command::{Command, GroupWords};
use crate::conversation::message::LABEL_MAX;
use crate::conversation::parser;
use crate::conversation::reply::{Remark, Reply};
use crate::conversation::session::{Action, Choice, Draft, Ordering, Pending, Step};
use crate::conversation::{clean, interval};
use crate::view::MemberView;

/// What was wrong with the answer just given.
#[derive(Default)]
struct Wrong {
    name: bool,
    asset: bool,
    amount: Option<AmountProblem>,
    every: bool,
    seats: bool,
    own_turn: bool,
}

impl Talk<'_> {
    /// The one-line form, as far as it goes.
    pub(super) async fn create(&self, words: GroupWords) -> Result<Said, Error> {
        let mut wrong = Wrong::default();
        let words = self.unit_from_name(words);
        let name = words.name.as_deref().and_then(|name| {
            let fit = fit_name(name);
            wrong.name = fit.is_none();
            fit
        });
        let mut draft = Draft {
            name,
            every: words.every,
            order: words.order.map(Ordering::of).unwrap_or_default(),
            payout: words.payout,
            short_pot: words.shortfall == Some(Shortfall::ShortPot),
            advance: words.advance,
            ..Draft::default()
        };
        if let Some(typed) = &words.amount {
            self.take_amount(&mut draft, typed, &mut wrong);
        }
        if let Some(typed) = &words.seats {
            self.take_seats(&mut draft, typed, &mut wrong);
        }
        self.next_question(draft, wrong)
    }

    /// An answer to the question for the first thing missing.
    pub(super) async fn draft_answer(
        &self,
        member: &MemberView,
        mut draft: Draft,
        input: Input,
    ) -> Result<Outcome, Error> {
        let text = spoken(input).unwrap_or_default();
        let command = leaves_question(&text).or_else(|| {
            // Anything may be a name; after it, a command is a command.
            Some(parser::parse(&text)).filter(|c| draft.name.is_some() && c.is_order())
        });
        match command {
            Some(Command::Cancel) => return Ok(Said::reply(Reply::Stopped).into()),
            Some(command) => {
                let said = self.command(member, command).await?;
                return Ok(said.with(Remark::Dropped).into());
            }
            None => {}
        }
        let mut wrong = Wrong::default();
        if draft.name.is_none() {
            draft.name = fit_name(&text);
            wrong.name = draft.name.is_none();
        } else if self.asks_asset(&draft) {
            self.take_asset(&mut draft, &text, &mut wrong);
        } else if draft.contribution.is_none() {
            self.take_contribution(&mut draft, &text, &mut wrong);
        } else if draft.every.is_none() {
            draft.every = interval::answer(&as_strs(&keys(&text)));
            wrong.every = draft.every.is_none();
        } else if draft.seats.is_none() {
            self.take_seats(&mut draft, &text, &mut wrong);
        } else if draft.payments_per_pot().is_none() {
            // With every payment, unless another interval is named.
            draft.payout = interval::answer(&as_strs(&keys(&text)));
        } else {
            take_own_turn(&mut draft, &text, &mut wrong);
        }
        Ok(self.next_question(draft, wrong)?.into())
    }

    /// What can be said instead of a YES: who gets which turn, how often the pot goes out. The rules
    /// are shown anew.
    pub(super) fn another_order(&self, draft: Draft, text: &str) -> Result<Option<Said>, Error> {
        let keys = keys(text);
        let draft = if let Some(order) = order_in(&keys.join(" ")) {
            Draft { order, own_turn: None, ..draft }
        } else if let Some(payout) =
            interval::payout(&as_strs(&keys)).filter(|_| leads_payout(&keys))
        {
            Draft { payout: Some(payout), ..draft }
        } else {
            return Ok(None);
        };
        self.next_question(draft, Wrong::default()).map(Some)
    }

    /// `10 weekly`, `10 usdc every 2 weeks`, or only `10`.
    fn take_contribution(&self, draft: &mut Draft, text: &str, wrong: &mut Wrong) {
        let text = clean::typed(text);
        let words: Vec<&str> = text.split(' ').collect();
        let keys = keys(&text);
        match interval::find(&as_strs(&keys)).filter(|_| draft.every.is_none()) {
            Some(found) if found.from > 0 => {
                draft.every = Some(found.every);
                let amount = words.get(..found.from).unwrap_or_default().join(" ");
                self.take_amount(draft, amount.trim_end_matches(','), wrong);
            }
            _ => self.take_amount(draft, &text, wrong),
        }
    }

    fn take_amount(&self, draft: &mut Draft, typed: &str, wrong: &mut Wrong) {
        if self.asks_asset(draft) {
            draft.asset = amount::unit_in(typed, self.desk.assets()).map(|a| a.asset.clone());
        }
        match self.of_draft(draft).amount(typed) {
            Ok(amount) => draft.contribution = Some(amount.minor_units()),
            Err(problem) => wrong.amount = Some(problem),
        }
    }

    fn take_seats(&self, draft: &mut Draft, typed: &str, wrong: &mut Wrong) {
        let (min, max) = self.desk.seats();
        let typed = clean::typed(typed);
        // Not by bare words: those have lost their sign.
        let marks = ['.', ',', '!', '#', '(', ')'];
        let number = typed.split(' ').find_map(|word| word.trim_matches(marks).parse::<u8>().ok());
        draft.seats = number.filter(|seats| (min..=max).contains(seats));
        wrong.seats = draft.seats.is_none();
    }

    /// Asks for the first thing missing; when nothing is, shows the rules and asks YES or NO.
    fn next_question(&self, draft: Draft, wrong: Wrong) -> Result<Said, Error> {
        let talk = self.of_draft(&draft);
        Ok(talk.question_on(draft, wrong)?.by(&talk))
    }

    fn question_on(&self, draft: Draft, wrong: Wrong) -> Result<Said, Error> {
        let Some(name) = draft.name.clone() else {
            let ask = if wrong.name { Reply::BadGroupName } else { Reply::AskGroupName };
            return Ok(Said::reply(ask).step(Step::Draft(draft)));
        };
        if self.asks_asset(&draft) {
            return Ok(self.ask_asset(name, draft, wrong.asset));
        }
        if draft.contribution.is_none() {
            let ask = Reply::AskContribution { name, problem: wrong.amount };
            return Ok(Said::reply(ask).step(Step::Draft(draft)));
        }
        if draft.every.is_none() {
            let choices = [
                ("label-daily", "daily"),
                ("label-weekly", "weekly"),
                ("label-fortnightly", "fortnightly"),
                ("label-monthly", "monthly"),
            ];
            let choices = choices.map(|(label, text)| self.say(label, text)).to_vec();
            let ask = Reply::AskInterval { again: wrong.every };
            return Ok(Said::reply(ask).step(Step::Draft(draft)).choices(choices));
        }
        let Some(seats) = draft.seats else {
            let (min, max) = self.desk.seats();
            let ask = Reply::AskSeats { min, max, again: wrong.seats };
            return Ok(Said::reply(ask).step(Step::Draft(draft)));
        };
        if let (Some(every), None) = (draft.every, draft.payments_per_pot()) {
            return Ok(Said::reply(Reply::BadPayout { every }).step(Step::Draft(draft)));
        }
        let Some(wanted) = draft.complete() else {
            let ask = Reply::AskOwnTurn { seats, again: wrong.own_turn };
            return Ok(Said::reply(ask).step(Step::Draft(draft)));
        };
        match self.desk.draft(&wanted) {
            Ok(rules) => {
                let rules_hash = Sha256::digest(rules.encode()).into();
                let reply = Reply::ConfirmCreate { name, rules, rules_hash };
                Ok(self.question(reply, Pending::Create(draft)))
            }
            Err(Error::Refused(kolo_rules::Refusal::Overflow)) => {
                let draft = Draft { contribution: None, ..draft };
                let ask = Reply::AskContribution { name, problem: Some(AmountProblem::TooLarge) };
                Ok(Said::reply(ask).step(Step::Draft(draft)))
            }
            Err(error) => self.refused(error),
        }
    }
}

/// What a new group saves in, where there is a choice.
impl<'a> Talk<'a> {
    fn asks_asset(&self, draft: &Draft) -> bool {
        self.has_choice() && draft.asset.is_none()
    }

    /// About the money a draft is of.
    fn of_draft(&self, draft: &Draft) -> Talk<'a> {
        self.in_asset(draft.asset.as_ref().unwrap_or(&self.speech.asset))
    }

    /// By name or code; `10 euros weekly` says it, too.
    fn take_asset(&self, draft: &mut Draft, typed: &str, wrong: &mut Wrong) {
        let assets = self.desk.assets();
        if let Some(allowed) = assets.called(&clean::typed(typed)) {
            draft.asset = Some(allowed.asset.clone());
        } else if amount::unit_in(typed, assets).is_some() {
            self.take_contribution(draft, typed, wrong);
        }
        wrong.asset = draft.asset.is_none();
    }

    fn ask_asset(&self, name: String, draft: Draft, again: bool) -> Said {
        let assets: Vec<_> = self.desk.assets().iter().cloned().collect();
        let choices = assets.iter().map(|allowed| {
            let name = clean::name(&allowed.name);
            let is_label = name.chars().count() <= LABEL_MAX;
            let label = if is_label { name } else { allowed.asset.code.clone() };
            let action = Action::Say(allowed.asset.code.clone());
            Choice { label, detail: None, action }
        });
        let choices = choices.collect();
        let ask = Reply::AskAsset { name, assets, again };
        Said::reply(ask).step(Step::Draft(draft)).choices(choices)
    }

    /// `Market Women 10 EURC weekly 5`: what is no unit everywhere is one here.
    fn unit_from_name(&self, words: GroupWords) -> GroupWords {
        let GroupWords { name: Some(name), amount: None, .. } = &words else { return words };
        let Some((before, code)) = name.rsplit_once(' ').filter(|_| self.has_choice()) else {
            return words;
        };
        let (before, figure) = before.rsplit_once(' ').unwrap_or(("", before));
        let is_code = self.desk.assets().by_code(code.trim_end_matches(',')).is_some();
        if !is_code || !amount::looks_like_amount(figure) {
            return words;
        }
        let name = Some(before.trim().to_owned()).filter(|name| !name.is_empty());
        GroupWords {
            name,
            amount: Some(format!("{figure} {}", code.trim_end_matches(','))),
            ..words
        }
    }
}

/// The organiser's own turn, where they set the order.
fn take_own_turn(draft: &mut Draft, typed: &str, wrong: &mut Wrong) {
    let keys = keys(typed);
    let number = keys.iter().find_map(|word| word.parse::<u8>().ok());
    let seats = draft.seats.unwrap_or_default();
    draft.own_turn = number.filter(|turn| (1..=seats).contains(turn));
    wrong.own_turn = draft.own_turn.is_none();
}

fn leads_payout(keys: &[String]) -> bool {
    keys.first().is_some_and(|word| interval::PAYOUT.contains(&word.as_str()))
}

/// Another order of the turns, as it can be asked for instead of a YES.
fn order_in(words: &str) -> Option<Ordering> {
    match words {
        "draw" | "the draw" | "by lot" | "draw lots" | "lottery" => Some(Ordering::Drawn),
        "my order" | "fixed order" | "i decide" | "set order" => Some(Ordering::Set),
        "auction" => Some(Ordering::Auction),
        "joining" | "order of joining" | "by joining" => Some(Ordering::Joining),
        _ => None,
    }
}

fn keys(text: &str) -> Vec<String> {
    parser::comparable(text).split(' ').map(str::to_owned).collect()
}

fn as_strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
