//! What is kept of a member's page.
//!
//! | what | by | after |
//! |---|---|---|
//! | no link | `MY KEY` | a link; an older one is good no more |
//! | a link | opened once, in time | no link, a visit; an older visit has ended |
//! | a visit | a factor shown | one that is begun: good for nothing |
//! | begun | a code of it | waiting: good for nothing until its time |
//! | waiting | its time | the factor; the one before is none |
//! | a factor | the fifth wrong code on end | locked for a day |
//! | waiting | `STOP KEY` | as if it had never been begun |
//! | a factor, none waiting | `STOP KEY` | no factor |
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
    pub wrong: u32,
    pub locked_until: Option<Timestamp>,
    pub links_today: DayCount,
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
            wrong: 0,
            locked_until: None,
            links_today: DayCount::default(),
        }
    }

    /// As it is at that time: what has waited long enough is the factor.
    pub fn at(mut self, now: Timestamp) -> Self {
        if let Some(waiting) = self.waiting.filter(|waiting| waiting.good_at <= now) {
            self.factor = Some(waiting.factor);
            self.waiting = None;
            (self.wrong, self.locked_until) = (0, None);
        }
        self.locked_until = self.locked_until.filter(|until| now < *until);
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
    pub fn confirm(&mut self, factor: u32, step: u64, good_at: Timestamp) {
        self.begun = None;
        self.waiting = Some(Waiting { factor, good_at });
        self.last_step = self.last_step.max(step);
    }

    /// Why no code can be taken now, if so.
    pub fn may_try(&self) -> Result<u32, Error> {
        let factor = self.factor.ok_or(Error::NoFactor)?;
        match self.locked_until {
            Some(until) => Err(Error::FactorLocked { until }),
            None => Ok(factor),
        }
    }

    /// Takes a code that is right for this time step, or (`None`) for none.
    pub fn attempt(&mut self, step: Option<u64>, now: Timestamp) -> Attempt {
        if let Some(until) = self.locked_until {
            return Attempt::Locked(until);
        }
        if let Some(step) = step.filter(|step| *step > self.last_step) {
            (self.last_step, self.wrong) = (step, 0);
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

    pub fn stop(&mut self) -> Stopped {
        (self.link, self.visit, self.begun) = (None, None, None);
        if self.waiting.take().is_some() {
            return Stopped::Waiting;
        }
        if self.factor.take().is_some() {
            (self.wrong, self.locked_until) = (0, None);
            return Stopped::Factor;
        }
        Stopped::Links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn page() -> Page {
        Page::of(MemberId::derive(&[b"ada"]))
    }

    fn with_factor() -> Page {
        Page { factors: 1, factor: Some(1), ..page() }
    }

    #[test]
    fn a_factor_waits_and_is_good_from_its_time_on() {
        let mut page = page();
        assert!(matches!(page.may_try(), Err(Error::NoFactor)));
        assert_eq!((page.begin(), page.begin()), (1, 1), "the same visit shows the same one");
        page.confirm(1, 7, NOW.plus(10));
        let early = page.clone().at(NOW.plus(9));
        assert!(matches!(early.may_try(), Err(Error::NoFactor)));
        assert!(matches!(page.clone().at(NOW.plus(10)).may_try(), Ok(1)));
        // The code that confirmed it is used up.
        assert_eq!(page.at(NOW.plus(10)).attempt(Some(7), NOW.plus(10)), Attempt::Wrong);
    }

    #[test]
    fn a_code_counts_once_and_five_wrong_ones_lock() {
        let mut page = with_factor();
        assert_eq!(page.attempt(Some(9), NOW), Attempt::Right);
        assert_eq!(page.attempt(Some(9), NOW), Attempt::Wrong, "the same again");
        assert_eq!(page.attempt(Some(8), NOW), Attempt::Wrong, "an older one");
        assert_eq!(page.attempt(Some(10), NOW), Attempt::Right, "a right one sets the count back");
        for _ in 1..MOST_WRONG {
            assert_eq!(page.attempt(None, NOW), Attempt::Wrong);
        }
        let until = NOW.plus(LOCKED_S);
        assert_eq!(page.attempt(None, NOW), Attempt::LocksUp(until));
        assert_eq!(page.attempt(Some(11), NOW), Attempt::Locked(until), "right, and not looked at");
        assert!(matches!(page.may_try(), Err(Error::FactorLocked { .. })));
        let mut page = page.at(until);
        assert_eq!(page.attempt(Some(12), until), Attempt::Right);
    }

    #[test]
    fn stopping_takes_what_waits_first_and_the_factor_then() {
        let mut page = with_factor();
        let number = page.begin();
        page.confirm(number, 1, NOW.plus(5));
        page.begin();
        assert_eq!(page.stop(), Stopped::Waiting);
        assert_eq!((page.begun, page.waiting, page.factor), (None, None, Some(1)));
        assert_eq!(page.stop(), Stopped::Factor);
        assert!(matches!(page.may_try(), Err(Error::NoFactor)));
        assert_eq!(page.stop(), Stopped::Links);
        assert_eq!(page.begin(), 4, "no number is shown twice");
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
