//! A step of the file: which fields it may have, and whom they name.

use toml::Spanned;

use super::file::{self, Verb};
use super::names::{Reader, VAULT};
use super::{Expectation, Place, StepPlan};
use crate::simulation::error::{At, ScenarioError};
use crate::simulation::reason::Reason;

/// Those who do something, or to whom it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actors {
    /// Nobody is named.
    Unnamed,
    /// These, in this order.
    Named(Vec<Place>),
    /// All who sit in the circle then, in order of joining, but these.
    EveryoneBut(Vec<usize>),
}

/// Who a step's `who` and `member` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A member signs for themselves; `member` names somebody else in whose name it is tried.
    Member,
    /// The organiser signs, if nobody else is named; `member` says whom it is about.
    OrganiserAbout,
    /// The organiser signs, if nobody else is named.
    Organiser,
    /// Nobody needs to sign; `member` (or else `who`) says whom it is about.
    AnyoneAbout,
    /// Nobody needs to sign.
    Anyone,
    /// `who` and `with` sign.
    Both,
    /// All of `who`, as far as there is something for them to do.
    All,
    /// Outside of any circle.
    World,
    /// Time passes.
    Nobody,
}

impl Verb {
    /// Who does it.
    pub const fn role(self) -> Role {
        match self {
            Self::Join
            | Self::Request
            | Self::Leave
            | Self::Commit
            | Self::Secure
            | Self::Contribute
            | Self::Repay
            | Self::Bid
            | Self::ClaimInsurance
            | Self::Exit
            | Self::Propose
            | Self::Vote
            | Self::Object => Role::Member,
            Self::Invite | Self::Revoke | Self::Approve | Self::Reject | Self::Remove => {
                Role::OrganiserAbout
            }
            Self::Start | Self::Cancel => Role::Organiser,
            Self::Reveal | Self::Push | Self::CompleteMove | Self::Claim => Role::AnyoneAbout,
            Self::Proceed | Self::Payout | Self::Sync => Role::Anyone,
            Self::Swap | Self::Replace => Role::Both,
            Self::GetReady | Self::Rotate => Role::All,
            Self::Send
            | Self::Mint
            | Self::Trustline
            | Self::Freeze
            | Self::Unfreeze
            | Self::Clawback => Role::World,
            Self::Wait => Role::Nobody,
        }
    }

    /// The fields it may have besides `at`, `do`, `who`, `circle`, `note` and `expect`, and those of
    /// them it must have.
    const fn fields(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Invite => (&["member", "turn", "valid_for"], &["member"]),
            Self::Approve => (&["member", "turn"], &["member"]),
            Self::Revoke | Self::Reject | Self::Remove => (&["member"], &["member"]),
            Self::Commit | Self::Reveal => (&["member", "secret"], &[]),
            Self::Secure | Self::Repay => (&["member", "amount"], &[]),
            Self::Contribute => (&["member", "amount", "round"], &[]),
            Self::Payout => (&["round"], &[]),
            Self::Bid => (&["member", "amount", "round"], &["amount"]),
            Self::ClaimInsurance => (&["member", "amount", "round", "about"], &["about"]),
            Self::Swap => (&["with", "alone"], &["with"]),
            Self::Replace => (&["with", "alone", "amount", "turn"], &["with"]),
            Self::Propose => (&["member", "motion", "about", "newcomer"], &["motion"]),
            Self::Vote => (&["member", "proposal", "approve"], &[]),
            Self::Rotate => (&["until"], &[]),
            Self::Send => (&["to", "amount"], &["to", "amount"]),
            Self::Mint | Self::Clawback => (&["amount"], &["amount"]),
            Self::Trustline => (&["limit", "remove"], &[]),
            Self::Join => (&["member", "turn"], &[]),
            Self::Request
            | Self::Leave
            | Self::Exit
            | Self::Object
            | Self::Push
            | Self::CompleteMove
            | Self::Claim => (&["member"], &[]),
            Self::Start
            | Self::Cancel
            | Self::Proceed
            | Self::Sync
            | Self::GetReady
            | Self::Freeze
            | Self::Unfreeze
            | Self::Wait => (&[], &[]),
        }
    }

    /// As it is written.
    pub fn word(self) -> String {
        let mut word = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !word.is_empty() {
                word.push('_');
            }
            word.push(letter.to_ascii_lowercase());
        }
        word
    }
}

impl file::Step {
    /// The fields that are there, of those that not every step may have.
    fn given(&self) -> Vec<&'static str> {
        let fields = [
            ("member", !self.member.0.is_empty()),
            ("with", self.with.is_some()),
            ("alone", self.alone.is_some()),
            ("amount", self.amount.is_some()),
            ("round", self.round.is_some()),
            ("until", self.until.is_some()),
            ("secret", self.secret.is_some()),
            ("turn", self.turn.is_some()),
            ("valid_for", self.valid_for.is_some()),
            ("motion", self.motion.is_some()),
            ("about", self.about.is_some()),
            ("newcomer", self.newcomer.is_some()),
            ("proposal", self.proposal.is_some()),
            ("approve", self.approve.is_some()),
            ("to", self.to.is_some()),
            ("limit", self.limit.is_some()),
            ("remove", self.remove.is_some()),
        ];
        fields.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
}

impl Reader<'_> {
    pub fn step(
        &self,
        number: usize,
        raw: &Spanned<file::Step>,
    ) -> Result<StepPlan, ScenarioError> {
        let step = raw.get_ref();
        let at = self.at(raw.span().start, format!("step {number}"));
        check_fields(&at, step)?;
        let circle = self.circle_of(&at, step)?;
        let person =
            |name: &Option<String>| name.as_deref().map(|name| self.person(&at, name)).transpose();
        Ok(StepPlan {
            when: step.at,
            verb: step.verb,
            circle,
            who: self.actors(&at, &step.who.0, circle)?,
            member: self.actors(&at, &step.member.0, circle)?,
            with: person(&step.with)?,
            alone: step.alone.unwrap_or(false),
            amount: step.amount.map(|money| money.0),
            round: step.round,
            until: step.until,
            secret: step.secret.clone(),
            turn: step.turn,
            valid_for_s: step.valid_for.map(|length| length.0),
            motion: step.motion,
            about: person(&step.about)?,
            newcomer: person(&step.newcomer)?,
            proposal: step.proposal,
            approve: step.approve.unwrap_or(true),
            to: step.to.as_deref().map(|name| self.place(&at, name, circle)).transpose()?,
            limit: step.limit.map(|money| money.0),
            note: step.note.clone(),
            expect: expectation(&at, step.expect.as_deref())?,
            at,
        })
    }

    /// The circle a step is about: the only one there is, if it does not say.
    fn circle_of(&self, at: &At, step: &file::Step) -> Result<Option<usize>, ScenarioError> {
        let in_circle = !matches!(step.verb.role(), Role::World | Role::Nobody);
        match (&step.circle, self.names.circles.len()) {
            (Some(name), _) => self.circle_named(at, name).map(Some),
            (None, 1) => Ok(Some(0)),
            (None, _) if in_circle => {
                let known = self.names.circles.join(", ");
                Err(missing(at, "circle", &format!("is missing: say which of {known}")))
            }
            (None, _) => Ok(None),
        }
    }

    fn actors(
        &self,
        at: &At,
        names: &[String],
        circle: Option<usize>,
    ) -> Result<Actors, ScenarioError> {
        match names {
            [] => return Ok(Actors::Unnamed),
            [name] => {
                if let Some(but) = self.everyone_but(at, name)? {
                    return match circle {
                        Some(_) => Ok(Actors::EveryoneBut(but)),
                        None => Err(missing(at, "circle", "is missing: everyone in which one?")),
                    };
                }
            }
            _ => {}
        }
        let places = names.iter().map(|name| self.place(at, name, circle));
        places.collect::<Result<_, _>>().map(Actors::Named)
    }
}

fn check_fields(at: &At, step: &file::Step) -> Result<(), ScenarioError> {
    let word = step.verb.word();
    let (may, must) = step.verb.fields();
    let given = step.given();
    if let Some(field) = given.iter().find(|field| !may.contains(field)) {
        return Err(missing(at, field, &format!("means nothing with do = {word:?}; leave it out")));
    }
    if let Some(field) = must.iter().find(|field| !given.contains(field)) {
        return Err(missing(at, field, &format!("is missing: do = {word:?} needs it")));
    }
    let needs_who = matches!(step.verb.role(), Role::Both | Role::World)
        || (matches!(step.verb.role(), Role::Member | Role::AnyoneAbout)
            && step.member.0.is_empty());
    if needs_who && step.who.0.is_empty() {
        let why = format!("is missing: who shall do = {word:?}? A name, several, or \"everyone\"");
        return Err(missing(at, "who", &why));
    }
    if step.verb.role() == Role::Member && step.who.0.is_empty() {
        return Err(missing(at, "who", "is missing: `member` alone says in whose name, not who"));
    }
    let has_vault = |names: &file::Names| names.0.iter().any(|name| name.starts_with(VAULT));
    let may_be_vault =
        matches!(step.verb, Verb::Mint | Verb::Freeze | Verb::Unfreeze | Verb::Clawback);
    if has_vault(&step.member) || (has_vault(&step.who) && !may_be_vault) {
        return Err(missing(at, "who", &format!("a vault cannot do = {word:?}; name a person")));
    }
    let moves = matches!(step.verb, Verb::Send | Verb::Mint | Verb::Clawback);
    if moves && step.amount.is_some_and(|money| !money.0.is_positive()) {
        return Err(missing(at, "amount", "must be more than zero"));
    }
    let both = step.limit.is_some() == step.remove.is_some();
    if step.verb == Verb::Trustline && (both || step.remove == Some(false)) {
        return Err(missing(at, "limit", "or `remove = true`: one of the two is needed"));
    }
    Ok(())
}

fn missing(at: &At, field: &'static str, why: &str) -> ScenarioError {
    ScenarioError::Field { at: at.clone(), field, why: why.to_owned() }
}

fn expectation(at: &At, word: Option<&str>) -> Result<Option<Expectation>, ScenarioError> {
    match word {
        None => Ok(None),
        Some("accepted") => Ok(Some(Expectation::Accepted)),
        Some("refused") => Ok(Some(Expectation::Refused)),
        Some(name) => match Reason::from_name(name) {
            Some(reason) => Ok(Some(Expectation::Because(reason))),
            None => Err(missing(
                at,
                "expect",
                &format!(
                    "is \"accepted\", \"refused\" or the name of a reason such as \"TooEarly\" (the \
                     contract's errors in docs/errors.md), not {name:?}"
                ),
            )),
        },
    }
}
