//! Looking at circles.
use kolo_rules::circle::{Due, Marks, Motion, Phase, Proposal};
use kolo_rules::{Amount, Rules};

use super::postings::{sum, vault, wallet};
use super::service::Circles;
use super::state::{Circle, Contract};
use crate::intent::state::Intent;
use crate::record::Loaded;
use crate::view::{CircleStatus, CircleSummary, DueView, EntryDue, SeatView, VoteOn, VoteView};
use crate::{CircleId, Error, IntentId, MemberId, Timestamp};

impl Circles {
    /// What the member can pay now.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] when they are not in it.
    pub async fn due(&self, member: MemberId, circle: CircleId) -> Result<DueView, Error> {
        let found = self.kolo.circle(circle).await?.state;
        let place = found.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
        let mirror = found.mirror()?;
        let rules = found.rules()?;
        let due = mirror.due(&rules, place, self.kolo.now().unix())?;
        let account = wallet(member, &found.asset);
        let balances = self.kolo.ports().ledger.balances(self.kolo.tenant(), &[account]).await?;
        let balance = balances.first().copied().unwrap_or_default();
        let available = balance.settled.checked_sub(balance.pending_out).unwrap_or(Amount::ZERO);
        let lacking = due.amount.checked_sub(available).unwrap_or(Amount::ZERO);
        Ok(DueView {
            circle: found.summary()?,
            debt: mirror
                .debt(place)?
                .checked_sub(fees_within(&mirror, place, &due))
                .unwrap_or_default(),
            due,
            pending: self.seat(circle, member).await?.state.pending.is_some(),
            missing: lacking.max(Amount::ZERO),
        })
    }

    /// What the member has to pay in before the first round, and until when.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] when they are not in it.
    pub async fn entry_due(&self, member: MemberId, circle: CircleId) -> Result<EntryDue, Error> {
        let found = self.kolo.circle(circle).await?.state;
        let place = found.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
        let mirror = found.mirror()?;
        let rules = found.rules()?;
        let has = |mark| mirror.seat(place).is_some_and(|seat| seat.marks.has(mark));
        let amount = match mirror.phase {
            Phase::Committing if !has(Marks::COMMITTED) => rules.bond,
            Phase::Securing => mirror.entry_due(&rules, place)?,
            _ => Amount::ZERO,
        };
        let account = wallet(member, &found.asset);
        let balances = self.kolo.ports().ledger.balances(self.kolo.tenant(), &[account]).await?;
        let balance = balances.first().copied().unwrap_or_default();
        let available = balance.settled.checked_sub(balance.pending_out).unwrap_or(Amount::ZERO);
        let lacking = amount.checked_sub(available).unwrap_or(Amount::ZERO);
        Ok(EntryDue {
            circle: found.summary()?,
            amount,
            is_bond: mirror.phase == Phase::Committing,
            until: mirror.ready_until(&rules).map(Timestamp::from_unix),
            pending: self.seat(circle, member).await?.state.pending.is_some(),
            missing: lacking.max(Amount::ZERO),
        })
    }

    /// A circle in full.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`].
    pub async fn status(&self, circle: CircleId) -> Result<CircleStatus, Error> {
        let found = self.kolo.circle(circle).await?.state;
        let mirror = found.mirror()?;
        let rules = found.rules()?;
        let now = self.kolo.now().unix();
        let rounds = mirror.len();
        let round = if mirror.phase.has_started() { mirror.current_round().min(rounds) } else { 0 };
        let mut seats = Vec::with_capacity(found.holders.len());
        for place in 0..rounds {
            seats.extend(self.seat_view(&found, &mirror, place, round, now).await?);
        }
        let deadline = mirror.payout_date(&rules, round.max(1));
        let accounts = vault(circle, &found.asset);
        let ledger = &self.kolo.ports().ledger;
        let balances = ledger.balances(self.kolo.tenant(), &accounts).await?;
        let chain = &self.kolo.ports().chain;
        let on_chain = match found.contract {
            Contract::Live => chain.circle(&found.address, &found.asset).await.ok().flatten(),
            _ => None,
        };
        // The contract keeps an expired proposal until another replaces it.
        // One that has passed is over, but for a move, which its subject can still object to.
        let is_open = |open: &&Proposal| {
            let moving = open.motion == Motion::Move && open.passed_at != 0;
            moving || now <= open.expires_at && open.passed_at == 0
        };
        let vote = |open: &Proposal| VoteView {
            proposal: open.id,
            on: VoteOn::of(open.motion),
            about: found.about(open.motion, open.subject),
            newcomer: found.newcomer_of(open.id),
            yes: count(open.yes),
            no: count(open.no),
            electorate: count(open.electorate),
            expires_at: Timestamp::from_unix(open.expires_at),
        };
        Ok(CircleStatus {
            seats,
            round,
            rounds,
            pot: mirror.pot_now(&rules).unwrap_or_default(),
            full_pot: if round > 0 && mirror.phase.has_started() {
                full_pot(&mirror, &rules, round)?
            } else {
                rules.pot(rounds.max(1))?
            },
            next_payout: mirror.payout_status(&rules, now),
            payout_date: deadline.filter(|_| round > 0).map(Timestamp::from_unix),
            deadline: open_deadline(&mirror, &rules, now),
            vault: sum(&balances)?,
            vault_on_chain: on_chain.map(|there| there.vault),
            votes: mirror.open_proposals().filter(is_open).map(vote).collect(),
            requests: self.request_views(&found).await?,
            ready_until: mirror.ready_until(&rules).map(Timestamp::from_unix),
            bid: mirror.bid.map(|bid| (bid.seat, bid.amount)),
            reserve: mirror.reserve,
            insurance: mirror.fund,
            summary: found.summary()?,
        })
    }

    async fn seat_view(
        &self,
        circle: &Circle,
        mirror: &kolo_rules::Circle,
        place: u8,
        round: u8,
        now: u64,
    ) -> Result<Option<SeatView>, Error> {
        let (Some(holder), Some(seat)) = (circle.holder(place), mirror.seat(place)) else {
            return Ok(None);
        };
        let rules = circle.rules()?;
        let pending = match holder.member {
            Some(member) => self.seat(circle.id, member).await?.state.pending.is_some(),
            None => false,
        };
        let is_late = mirror
            .due(&rules, place, now)
            .is_ok_and(|due| due.amount.is_positive() && !due.advance && now > due.late_after);
        Ok(Some(SeatView {
            member: holder.member,
            name: holder.name.clone(),
            turn: seat.turn,
            paid_out: seat.turn != 0 && seat.turn <= mirror.rounds_paid,
            instalments: instalments(mirror, &rules, place, round),
            is_late,
            pending,
            debt: mirror.debt(place)?,
            fees: seat.fees,
            deposit: seat.deposit,
            leaves_after: seat.left_after,
            address: holder.address.clone(),
            credit: seat.credit,
            paid: seat.paid,
            received: seat.received,
        }))
    }

    /// The circles of a member, organised or joined, oldest first.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`].
    pub async fn of(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error> {
        let ids = self.kolo.member(member).await?.state.circles;
        let mut circles = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(circle) = self.kolo.load::<Circle>(id).await?
                && circle.state.concerns(member)
            {
                circles.push(circle.state.summary()?);
            }
        }
        Ok(circles)
    }

    /// All circles, by id.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn list(
        &self,
        after: Option<CircleId>,
        limit: usize,
    ) -> Result<Vec<CircleSummary>, Error> {
        let found: Vec<Loaded<Circle>> =
            self.kolo.list(after.map(|id| id.to_string()), limit).await?;
        found.iter().map(|circle| circle.state.summary()).collect()
    }

    /// Whether a command is settled: the chain has answered.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn is_settled(&self, intent: IntentId) -> Result<bool, Error> {
        let found = self.kolo.load::<Intent>(intent).await?;
        Ok(found.is_none_or(|intent| intent.state.is_final()))
    }
}

/// Fees that are a part of what is due now, and of the debt.
fn fees_within(mirror: &kolo_rules::Circle, seat: u8, due: &Due) -> Amount {
    let recorded = mirror.seat(seat).map(|seat| seat.fees).unwrap_or_default();
    recorded.min(due.amount).min(due.fees)
}

/// Instalments paid for a round, in whole ones; all of them when nothing is to be paid.
fn instalments(mirror: &kolo_rules::Circle, rules: &Rules, seat: u8, round: u8) -> u8 {
    let (Ok(paid), Ok(need)) =
        (mirror.paid_for(rules, seat, round), mirror.need(rules, seat, round))
    else {
        return 0;
    };
    if paid >= need {
        return rules.instalments_per_round;
    }
    let whole = paid.minor_units().checked_div(rules.contribution.minor_units());
    whole.and_then(|whole| u8::try_from(whole).ok()).unwrap_or_default()
}

/// Votes in a bit mask: at most 64.
fn count(votes: u64) -> u8 {
    u8::try_from(votes.count_ones()).unwrap_or(u8::MAX)
}

/// The deadline of the instalment whose period is running now.
fn open_deadline(mirror: &kolo_rules::Circle, rules: &Rules, now: u64) -> Option<Timestamp> {
    if mirror.phase != Phase::Active {
        return None;
    }
    let last = u32::from(mirror.len()).saturating_mul(u32::from(rules.instalments_per_round));
    let done = rules.interval.elapsed(mirror.started_at, now, rules.utc_offset_s);
    let at = mirror.deadline(rules, done.saturating_add(1).min(last))?;
    Some(Timestamp::from_unix(at))
}

/// What a round brings when everybody pays: less than all instalments once somebody has left.
pub(crate) fn full_pot(
    mirror: &kolo_rules::Circle,
    rules: &Rules,
    round: u8,
) -> Result<Amount, Error> {
    let mut full = Amount::ZERO;
    for seat in 0..mirror.len() {
        let need = mirror.need(rules, seat, round)?;
        full = full.checked_add(need).map_err(kolo_rules::Refusal::from)?;
    }
    Ok(full)
}
