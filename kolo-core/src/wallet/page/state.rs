//! What is kept of a member's page.
//!
//! | what | by | after |
//! |---|---|---|
//! | no link | `MY KEY` | a link; an older one is good no more |
//! | a link | opened once, in time | no link, a visit; an older visit has ended |
//! | a visit | a factor shown | one that is begun: good for nothing |
//! | begun | a code of it | waiting: good for nothing until its time |
//! | waiting | its time, its member told of it | the factor; the one before is none |
//! | a factor | the fifth wrong code on end | locked for a day |
//! | waiting | `STOP KEY` | as if it had never been begun |
//! | a factor, none waiting | `STOP KEY` | asked whether it is meant, for an hour |
//! | asked | `STOP KEY` | no factor; the next one waits as one that takes a good one's place |
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::service::Stopped;
use crate::cap::DayCount;
use crate::port::vault::Secret;
use crate::record::{Aggregate, hex_bytes};
use crate::{Error, MemberId, Timestamp};

/// Wrong codes on end before the factor is locked.
pub(super) const MOST_WRONG: u32 = 5;

/// How long it is locked then, seconds.
const LOCKED_S: u64 = 86_400;

/// How long `STOP KEY` means the good factor once it was asked about, seconds.
const ASKED_S: u64 = 3_600;

/// A first notice so late makes the wait count from it, seconds.
#[cfg(feature = "conversation")]
const LATE_S: u64 = 3_600;

/// What opens something until a time: its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pass {
    #[serde(with = "hex_bytes")]
    hash: Vec<u8>,
    pub until: Timestamp,
}

impl Pass {
    pub fn new(secret: &Secret, until: Timestamp) -> Self {
        Self { hash: hash(secret), until }
    }

    /// By hashes, so that the time it takes tells nothing of how far a guess was right.
    fn is_good(&self, secret: &Secret, now: Timestamp) -> bool {
        self.hash == hash(secret) && now < self.until
    }
}

fn hash(secret: &Secret) -> Vec<u8> {
    Sha256::digest(secret.expose().as_bytes()).to_vec()
}

/// A factor that was confirmed and is not good yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub factor: u32,
    pub good_at: Timestamp,
    /// How long it waits in all, seconds.
    #[serde(default)]
    pub wait_s: u64,
    /// Its member was reached: nothing is good that nobody was told of.
    #[serde(default)]
    pub told: bool,
}

/// What a code led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Right,
    Wrong,
    /// It was the last one allowed.
    LocksUp(Timestamp),
    /// It was not looked at.
    Locked(Timestamp),
}

impl Attempt {
    pub fn into_result(self) -> Result<(), Error> {
        match self {
            Self::Right => Ok(()),
            Self::Wrong => Err(Error::SecondFactor),
            Self::LocksUp(until) | Self::Locked(until) => Err(Error::FactorLocked { until }),
        }
    }
}

/// Aggregate `key_page`, by its member's id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Page {
    pub member: MemberId,
    /// Links given so far: the last one's number, and that of the visit it opens.
    pub links: u32,
    pub link: Option<Pass>,
    pub visit: Option<Pass>,
    /// Factors shown so far; the last one's number.
    pub factors: u32,
    /// Shown on this visit, not confirmed.
    pub begun: Option<u32>,
    pub waiting: Option<Waiting>,
    pub factor: Option<u32>,
    /// The time step of the last code that was taken: no code counts twice, nor one before it.
    pub last_step: u64,
    /// The act it was taken for: the same one may have it again.
    #[serde(default)]
    pub last_act: Option<String>,
    pub wrong: u32,
    pub locked_until: Option<Timestamp>,
    pub links_today: DayCount,
    /// `STOP KEY` takes the good factor away until then.
    #[serde(default)]
    pub asked_until: Option<Timestamp>,
    /// A good factor was taken away from the chat, and none has become good since.
    #[serde(default)]
    pub dropped: bool,
    /// When the key was last handed out.
    #[serde(default)]
    pub exported_at: Option<Timestamp>,
}

impl Aggregate for Page {
    const KIND: &'static str = "key_page";
}

impl Page {
    pub fn of(member: MemberId) -> Self {
        Self {
            member,
            links: 0,
            link: None,
            visit: None,
            factors: 0,
            begun: None,
            waiting: None,
            factor: None,
            last_step: 0,
            last_act: None,
            wrong: 0,
            locked_until: None,
            links_today: DayCount::default(),
            asked_until: None,
            dropped: false,
            exported_at: None,
        }
    }

    /// As it is at that time: what has waited long enough is the factor.
    pub fn at(mut self, now: Timestamp) -> Self {
        let is_good = |waiting: &Waiting| waiting.told && waiting.good_at <= now;
        if let Some(waiting) = self.waiting.filter(is_good) {
            self.factor = Some(waiting.factor);
            (self.waiting, self.dropped) = (None, false);
            (self.wrong, self.locked_until) = (0, None);
        }
        self.locked_until = self.locked_until.filter(|until| now < *until);
        self.asked_until = self.asked_until.filter(|until| now < *until);
        self
    }

    pub fn check_link(&self, link: &Secret, now: Timestamp) -> Result<(), Error> {
        let good = self.link.as_ref().is_some_and(|pass| pass.is_good(link, now));
        if good { Ok(()) } else { Err(Error::PageClosed) }
    }

    pub fn check_visit(&self, visit: &Secret, now: Timestamp) -> Result<Timestamp, Error> {
        let good = self.visit.as_ref().filter(|pass| pass.is_good(visit, now));
        good.map(|pass| pass.until).ok_or(Error::PageClosed)
    }

    /// The factor shown on this visit, or a new one.
    pub fn begin(&mut self) -> u32 {
        let number = self.begun.unwrap_or_else(|| self.factors.saturating_add(1));
        self.factors = self.factors.max(number);
        self.begun = Some(number);
        number
    }

    /// What was begun waits from now on.
    pub fn confirm(&mut self, step: u64, waiting: Waiting) {
        self.begun = None;
        self.waiting = Some(waiting);
        (self.last_step, self.last_act) = (self.last_step.max(step), None);
    }

    /// Its member was reached; `false` when nothing comes of that.
    #[cfg(feature = "conversation")]
    pub fn told(&mut self, factor: u32, now: Timestamp) -> bool {
        let is_it = |waiting: &&mut Waiting| waiting.factor == factor && !waiting.told;
        let Some(waiting) = self.waiting.as_mut().filter(is_it) else {
            return false;
        };
        waiting.told = true;
        let counted = now.plus(waiting.wait_s);
        if counted > waiting.good_at.plus(LATE_S) {
            waiting.good_at = counted;
        }
        true
    }

    /// Whether what is set up now takes the place of a good one, be it one the chat took away.
    pub fn has_had_one(&self) -> bool {
        self.factor.is_some() || self.dropped
    }

    /// Why no code can be taken now, if so.
    pub fn may_try(&self) -> Result<u32, Error> {
        let factor = self.factor.ok_or(Error::NoFactor)?;
        match self.locked_until {
            Some(until) => Err(Error::FactorLocked { until }),
            None => Ok(factor),
        }
    }

    /// Takes a code that is right for this time step, or (`None`) for none, for that act.
    pub fn attempt(&mut self, step: Option<u64>, act: Option<&str>, now: Timestamp) -> Attempt {
        if let Some(until) = self.locked_until {
            return Attempt::Locked(until);
        }
        // The same form twice, or again after a crash: it was taken for just this.
        if act.is_some() && step == Some(self.last_step) && self.last_act.as_deref() == act {
            return Attempt::Right;
        }
        if let Some(step) = step.filter(|step| *step > self.last_step) {
            (self.last_step, self.wrong) = (step, 0);
            self.last_act = act.map(str::to_owned);
            return Attempt::Right;
        }
        self.wrong = self.wrong.saturating_add(1);
        if self.wrong < MOST_WRONG {
            return Attempt::Wrong;
        }
        let until = now.plus(LOCKED_S);
        (self.wrong, self.locked_until) = (0, Some(until));
        Attempt::LocksUp(until)
    }

    pub fn stop(&mut self, now: Timestamp) -> Stopped {
        (self.link, self.visit, self.begun) = (None, None, None);
        let was_asked = self.asked_until.take().is_some();
        match (self.waiting.take().is_some(), self.factor.is_some()) {
            (true, false) => Stopped::Waiting,
            (false, false) => Stopped::Links,
            (false, true) if was_asked => {
                (self.factor, self.dropped) = (None, true);
                (self.wrong, self.locked_until) = (0, None);
                Stopped::Factor
            }
            (is_waiting, true) => {
                self.asked_until = Some(now.plus(ASKED_S));
                if is_waiting { Stopped::WaitingKeptFactor } else { Stopped::KeptFactor }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn page() -> Page {
        Page::of(MemberId::derive(&[b"ada"]))
    }

    fn waiting(factor: u32) -> Waiting {
        Waiting { factor, good_at: NOW.plus(10), wait_s: 10, told: false }
    }

    fn with_factor() -> Page {
        Page { factors: 1, factor: Some(1), ..page() }
    }

    #[test]
    fn a_factor_waits_and_is_good_from_its_time_on() {
        let mut page = page();
        assert!(matches!(page.may_try(), Err(Error::NoFactor)));
        assert_eq!((page.begin(), page.begin()), (1, 1), "the same visit shows the same one");
        page.confirm(7, waiting(1));
        assert!(page.clone().at(NOW.plus(10)).may_try().is_err(), "nobody was told of it");
        assert!(page.told(1, NOW) && !page.told(1, NOW) && !page.told(2, NOW));
        let early = page.clone().at(NOW.plus(9));
        assert!(matches!(early.may_try(), Err(Error::NoFactor)));
        assert!(matches!(page.clone().at(NOW.plus(10)).may_try(), Ok(1)));
        // The code that confirmed it is used up.
        assert_eq!(page.at(NOW.plus(10)).attempt(Some(7), None, NOW.plus(10)), Attempt::Wrong);
    }

    #[test]
    fn a_code_counts_once_and_five_wrong_ones_lock() {
        let mut page = with_factor();
        assert_eq!(page.attempt(Some(9), None, NOW), Attempt::Right);
        assert_eq!(page.attempt(Some(9), None, NOW), Attempt::Wrong, "the same again");
        assert_eq!(page.attempt(Some(8), None, NOW), Attempt::Wrong, "an older one");
        assert_eq!(
            page.attempt(Some(10), None, NOW),
            Attempt::Right,
            "a right one sets the count back"
        );
        for _ in 1..MOST_WRONG {
            assert_eq!(page.attempt(None, None, NOW), Attempt::Wrong);
        }
        let until = NOW.plus(LOCKED_S);
        assert_eq!(page.attempt(None, None, NOW), Attempt::LocksUp(until));
        assert_eq!(
            page.attempt(Some(11), None, NOW),
            Attempt::Locked(until),
            "right, and not looked at"
        );
        assert!(matches!(page.may_try(), Err(Error::FactorLocked { .. })));
        let mut page = page.at(until);
        assert_eq!(page.attempt(Some(12), None, until), Attempt::Right);
    }

    #[test]
    fn stopping_takes_what_waits_first_and_asks_before_the_factor() {
        let mut page = with_factor();
        let number = page.begin();
        page.confirm(1, waiting(number));
        page.begin();
        assert_eq!(page.stop(NOW), Stopped::WaitingKeptFactor);
        assert_eq!((page.begun, page.waiting, page.factor), (None, None, Some(1)));
        // An hour later it is asked about again.
        page = page.at(NOW.plus(ASKED_S));
        assert_eq!(page.stop(NOW.plus(ASKED_S)), Stopped::KeptFactor);
        page = page.at(NOW.plus(2 * ASKED_S - 1));
        assert_eq!(page.stop(NOW.plus(2 * ASKED_S - 1)), Stopped::Factor);
        assert!(matches!(page.may_try(), Err(Error::NoFactor)));
        assert!(page.has_had_one(), "the next one waits longer");
        assert_eq!(page.stop(NOW), Stopped::Links);
        assert_eq!(page.begin(), 4, "no number is shown twice");
        page.confirm(2, waiting(4));
        assert_eq!(page.stop(NOW), Stopped::Waiting);
    }

    #[test]
    fn the_wait_counts_from_a_first_notice_that_comes_late() {
        let mut page = page();
        let wait_s = 8 * 86_400;
        let good_at = NOW.plus(wait_s);
        page.confirm(1, Waiting { factor: 1, good_at, wait_s, told: false });
        let mut soon = page.clone();
        assert!(soon.told(1, NOW.plus(60)));
        assert_eq!(soon.waiting.map(|waiting| waiting.good_at), Some(good_at));
        let late = NOW.plus(wait_s + 5);
        page = page.at(late);
        assert!(page.factor.is_none() && page.told(1, late));
        let page = page.at(late);
        assert!(page.factor.is_none(), "eight days begin now");
        assert_eq!(page.waiting.map(|waiting| waiting.good_at), Some(late.plus(wait_s)));
        assert_eq!(page.at(late.plus(wait_s)).factor, Some(1));
    }

    #[test]
    fn a_code_is_taken_again_for_the_act_it_was_taken_for_alone() {
        let mut page = with_factor();
        assert_eq!(page.attempt(Some(9), Some("close/a"), NOW), Attempt::Right);
        assert_eq!(page.attempt(Some(9), Some("close/a"), NOW), Attempt::Right);
        assert_eq!(page.attempt(Some(9), Some("close/b"), NOW), Attempt::Wrong);
        assert_eq!(page.attempt(Some(9), None, NOW), Attempt::Wrong);
        assert_eq!(page.attempt(Some(8), Some("close/a"), NOW), Attempt::Wrong);
    }

    #[test]
    fn a_pass_is_good_for_its_text_until_its_time() {
        let pass = Pass::new(&Secret::new("one"), NOW);
        let before = Timestamp::from_unix(NOW.unix() - 1);
        assert!(pass.is_good(&Secret::new("one"), before));
        assert!(!pass.is_good(&Secret::new("two"), before));
        assert!(!pass.is_good(&Secret::new("one"), NOW));
        assert!(!serde_json::to_string(&pass).is_ok_and(|text| text.contains("one")));
    }
}
