//! What strangers may cost the sponsor in one day: caps per tenant and UTC day.
//!
//! Each account on the chain and each circle's contract locks up reserves the operator pays. A count is
//! taken in the change set that wants the account or the circle: two at once never both get the last
//! place, and a repeated command takes none. What was counted stays counted, also when the chain refuses
//! it later: the attempt may have cost its fee, and a failure that can be repeated must not be free.
use serde::{Deserialize, Serialize};

use crate::member::state::Member;
use crate::record::{Aggregate, Loaded};
use crate::unit::Changes;
use crate::{CircleId, Error, Kolo, Timestamp};

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// Offers one member may make in one circle in one day.
const OFFERS_PER_DAY: u32 = 5;

/// Members asked in one circle in one day to take an office up: each of its offices given twice, and some
/// who say no.
const NAMINGS_PER_DAY: u32 = 10;

/// Proofs one member may give in one day to have their key: a thief who guesses must not have many.
const EXPORTS_PER_DAY: u32 = 5;

/// How much of what costs reserves may be begun in one UTC day. 0: none; `u32::MAX`: as many as come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Accounts opened on the chain, of all members (500).
    pub accounts_per_day: u32,
    /// Circles created, by all members (200).
    pub circles_per_day: u32,
    /// Circles created by one member (10).
    pub circles_per_member_per_day: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self { accounts_per_day: 500, circles_per_day: 200, circles_per_member_per_day: 10 }
    }
}

/// One of the caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cap {
    /// [`Caps::accounts_per_day`].
    Accounts,
    /// [`Caps::circles_per_day`].
    Circles,
    /// [`Caps::circles_per_member_per_day`].
    CirclesOfMember,
    /// Offers of one member in one circle: five. Each tells another member something.
    Offers,
    /// Members asked to take an office up, in one circle: ten. Each yes, and each end, tells all members.
    Offices,
    /// Proofs of one member to have their key exported: five, the right ones too.
    Exports,
}

impl Caps {
    const fn most(self, cap: Cap) -> u32 {
        match cap {
            Cap::Accounts => self.accounts_per_day,
            Cap::Circles => self.circles_per_day,
            Cap::CirclesOfMember => self.circles_per_member_per_day,
            Cap::Offers => OFFERS_PER_DAY,
            Cap::Offices => NAMINGS_PER_DAY,
            Cap::Exports => EXPORTS_PER_DAY,
        }
    }
}

/// A count of one day; a later day begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DayCount {
    /// Days since 1970, UTC.
    day: u64,
    used: u32,
}

impl DayCount {
    /// One more, unless `most` are used.
    fn take(&mut self, now: Timestamp, most: u32) -> bool {
        let today = now.unix() / DAY_S;
        // A clock that is set back frees nothing.
        if today > self.day {
            *self = Self { day: today, used: 0 };
        }
        if self.used >= most {
            return false;
        }
        self.used = self.used.saturating_add(1);
        true
    }

    pub(crate) fn is_fresh(&self) -> bool {
        *self == Self::default()
    }

    fn ends_at(&self) -> Timestamp {
        Timestamp::from_unix(self.day.saturating_add(1).saturating_mul(DAY_S))
    }
}

/// Aggregate `tally`: the day's count of all members, one for each cap.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Tally {
    count: DayCount,
}

impl Aggregate for Tally {
    const KIND: &'static str = "tally";
}

impl Kolo {
    /// Counts a circle of this member; the caller writes the member.
    pub(crate) async fn count_circle(
        &self,
        changes: &mut Changes,
        member: &mut Loaded<Member>,
    ) -> Result<(), Error> {
        self.take(changes, Cap::CirclesOfMember, &mut member.state.circles_today)?;
        self.count(changes, Cap::Circles, "circles").await
    }

    /// Counts an account.
    pub(crate) async fn count_account(&self, changes: &mut Changes) -> Result<(), Error> {
        self.count(changes, Cap::Accounts, "accounts").await
    }

    /// Counts an offer in this circle; the caller writes the maker's list.
    pub(crate) fn count_offer(
        &self,
        changes: &Changes,
        made: &mut Vec<(CircleId, DayCount)>,
        circle: CircleId,
    ) -> Result<(), Error> {
        let today = changes.now().unix() / DAY_S;
        made.retain(|(_, count)| count.day >= today);
        let there = made.iter().position(|(id, _)| *id == circle);
        let mut count = there.map_or_else(DayCount::default, |at| made.swap_remove(at).1);
        self.take(changes, Cap::Offers, &mut count)?;
        made.push((circle, count));
        Ok(())
    }

    /// Counts somebody asked to take an office up; the caller writes the circle.
    pub(crate) fn count_naming(
        &self,
        changes: &Changes,
        today: &mut DayCount,
    ) -> Result<(), Error> {
        self.take(changes, Cap::Offices, today)
    }

    /// Counts a proof given to have a key exported; the caller writes the member.
    pub(crate) fn count_export(
        &self,
        changes: &Changes,
        member: &mut Loaded<Member>,
    ) -> Result<(), Error> {
        self.take(changes, Cap::Exports, &mut member.state.exports_today)
    }

    async fn count(&self, changes: &mut Changes, cap: Cap, of: &str) -> Result<(), Error> {
        let found = self.load::<Tally>(of).await?;
        let mut tally = found.unwrap_or_else(|| Loaded::fresh(&of, Tally::default()));
        self.take(changes, cap, &mut tally.state.count)?;
        changes.write(&tally)
    }

    fn take(&self, changes: &Changes, cap: Cap, count: &mut DayCount) -> Result<(), Error> {
        let most = self.settings().caps.most(cap);
        if count.take(changes.now(), most) {
            return Ok(());
        }
        let again_at = count.ends_at();
        tracing::warn!(tenant = %self.tenant(), ?cap, most, again_at = again_at.unix(), correlation = changes.correlation(), "today's cap is reached: somebody was asked to come back");
        Err(Error::CapReached { cap, most, again_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_so_many_and_the_next_begins_anew() {
        let at = |unix| Timestamp::from_unix(unix);
        let mut count = DayCount::default();
        assert!(count.take(at(10 * DAY_S), 2) && count.take(at(11 * DAY_S - 1), 2));
        assert!(!count.take(at(11 * DAY_S - 1), 2));
        assert_eq!(count.ends_at(), at(11 * DAY_S));
        assert!(!count.take(at(3 * DAY_S), 2), "a clock set back frees nothing");
        assert!(count.take(at(11 * DAY_S), 2));
        assert_eq!(count, DayCount { day: 11, used: 1 });
        assert!(!DayCount::default().take(at(0), 0));
    }
}
