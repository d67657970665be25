//! What members and organisers can do with circles.
//!
//! Every command that ends on the chain returns once it is durable; what became of it arrives as a
//! [`crate::notice::Notice`] to the people concerned and as events.
use kolo_rules::circle::{Order, Phase};
use kolo_rules::{Circle as Mirror, Interval, Refusal, Rules};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::state::{Circle, Contract, Knocks, encode_mirror};
use crate::intent::state::Want;
use crate::member::state::{Account, Member, clean_text};
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::record::Loaded;
use crate::unit::{Changes, Command};
use crate::view::{Every, NewCircle, Options};
use crate::{CircleId, CommandContext, Error, IntentId, Kolo, MemberId};

/// Seconds of a day.
const DAY_S: u32 = 86_400;

/// A month where a day is no day (see [`crate::Settings::day_s`]).
const MONTH_DAYS: u32 = 30;

/// How long each step before the first round may take.
const SETUP_S: u32 = 3 * DAY_S;

/// The least a bid may ask, of the nominal pot, and the most a new one may, of the standing one, in
/// hundredths of a percent.
const BID_FLOOR_BP: u16 = 6_500;
const BID_STEP_BP: u16 = 9_800;

/// Longest name of a circle, in characters.
const NAME_MAX: usize = 60;

/// See [`Kolo::circles`].
pub struct Circles {
    pub(super) kolo: Kolo,
}

/// A command was accepted and goes to the chain; ask [`Circles::is_settled`] how it is getting on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// What is wanted of the chain.
    pub intent: IntentId,
    /// Which circle it concerns.
    pub circle: CircleId,
}

impl Circles {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// Checks what is wanted without creating it: the rules as they would be (for the confirm).
    ///
    /// # Errors
    /// As [`Circles::create`].
    pub fn draft(&self, wanted: &NewCircle) -> Result<Rules, Error> {
        clean_text(&wanted.name, "name", NAME_MAX)?;
        let settings = self.kolo.settings();
        let (min, max) = settings.seats;
        bounded("members", u64::from(wanted.seats), u64::from(min), u64::from(max))?;
        let interval = match wanted.every {
            Every::Days(days) => {
                bounded("days between contributions", u64::from(days), 1, 90)?;
                Interval::Seconds(u32::from(days).saturating_mul(settings.day_s))
            }
            Every::Month if settings.day_s == DAY_S => Interval::Months(1),
            Every::Month => Interval::Seconds(MONTH_DAYS.saturating_mul(settings.day_s)),
            // A circle of the chain's may have it; a new one is asked for in days.
            Every::Seconds(_) => {
                return Err(Error::OutOfBounds {
                    field: "days between contributions",
                    min: 1,
                    max: 90,
                });
            }
        };
        bounded("grace hours", u64::from(wanted.grace_hours), 0, 24 * 30)?;
        let asset = self.kolo.ports().chain.asset_contract(self.kolo.asset())?;
        let Options { order, organiser_turn, partial, fee, security, premium, insurance_target } =
            wanted.options;
        let (bid_floor_bp, bid_step_bp) =
            if order == Order::Auction { (BID_FLOOR_BP, BID_STEP_BP) } else { (0, 0) };
        let mut rules = Rules {
            order,
            partial,
            fee,
            security,
            premium,
            insurance_target,
            bid_floor_bp,
            bid_step_bp,
            min_members: min,
            instalments_per_round: wanted.instalments_per_round,
            utc_offset_s: settings.utc_offset_s,
            grace_s: wanted.grace_hours.saturating_mul(3_600),
            shortfall: wanted.shortfall,
            advance: wanted.advance,
            vote_period_s: settings.vote_s,
            ..Rules::new(asset, wanted.seats, wanted.contribution, interval)
        };
        let turns = if order == Order::Fixed { wanted.seats } else { 1 };
        bounded("organiser's turn", u64::from(organiser_turn), 1, u64::from(turns))?;
        if rules.has_draw() {
            rules.bond = wanted.contribution;
        }
        if rules.has_draw() || rules.has_entry_payment() {
            rules.setup_period_s = SETUP_S;
        }
        rules.validate()?;
        Ok(rules)
    }

    /// A new circle; the commanding member organises it and takes the first seat.
    ///
    /// # Errors
    /// [`Error::BadText`], [`Error::OutOfBounds`], [`Error::Refused`] for its figures;
    /// [`Error::CapReached`]; [`Error::Forbidden`], as every command.
    pub async fn create(&self, ctx: &CommandContext, wanted: NewCircle) -> Result<UnderWay, Error> {
        let organiser = ctx.member()?;
        let rules = self.draft(&wanted)?;
        let name = clean_text(&wanted.name, "name", NAME_MAX)?;
        let turn = wanted.options.organiser_turn;
        let args = (&name, rules.encode().to_vec(), turn);
        let request = CommandRequest::new(ctx, CommandName::CreateCircle);
        let mut command = Command::asked(&self.kolo, ctx, request, &args).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let mut changes = command.changes();
            let mut member = self.kolo.member(organiser).await?;
            let mut circle = self.fresh(&changes, ctx, &member.state, &name, &rules)?;
            circle.state.organiser_turn = turn;
            self.kolo.count_circle(&mut changes, &mut member).await?;
            self.kolo.have_account_opened(&mut changes, &mut member).await?;
            member.state.circles.push(circle.state.id);
            changes.write(&member)?;
            changes.write(&circle)?;
            changes.claim("circle-address", circle.state.address.0.clone(), &circle.id);
            changes.event(&circle.id, "circle.requested", &circle.state)?;
            let want = Want::CreateCircle { circle: circle.state.id };
            let intent = changes.want("create", want, Some(organiser))?;
            let under_way = UnderWay { intent, circle: circle.state.id };
            if let Some(done) = command.commit(changes, under_way).await? {
                return Ok(done);
            }
        }
    }

    fn fresh(
        &self,
        changes: &Changes,
        ctx: &CommandContext,
        organiser: &Member,
        name: &str,
        rules: &Rules,
    ) -> Result<Loaded<Circle>, Error> {
        let id = CircleId::derive(&[ctx.tenant.as_str().as_bytes(), ctx.key.as_bytes()]);
        let salt: [u8; 32] = Sha256::digest(id.as_bytes()).into();
        let address = self.kolo.ports().chain.circle_address(&organiser.address, &salt)?;
        let circle = Circle {
            id,
            name: name.to_owned(),
            organiser: organiser.id,
            asset: self.kolo.asset().clone(),
            rules: rules.encode().to_vec(),
            salt,
            address,
            contract: Contract::Creating,
            holders: Vec::new(),
            mirror: encode_mirror(&Mirror::new())?,
            requests: Vec::new(),
            taken_back: Vec::new(),
            knocks: Knocks::default(),
            former: Vec::new(),
            gift_told_at: None,
            code: None,
            newcomers: Vec::new(),
            officers: Vec::new(),
            named_today: crate::cap::DayCount::default(),
            invitations: Vec::new(),
            offers: Vec::new(),
            organiser_turn: 1,
            filled_to: 0,
            unread: false,
            other_code: None,
            filled_at: None,
            diverged: None,
            created_at: changes.now(),
        };
        Ok(Loaded::fresh(&id, circle))
    }

    /// A command that only asks the chain: `check` tries it on the mirror first, so that a plain
    /// "no" is an answer and not a failed transaction.
    pub(super) async fn simple(
        &self,
        ctx: &CommandContext,
        name: CommandName,
        circle: CircleId,
        want: Want,
        check: impl Fn(&Circle) -> Result<(), Error> + Send + Sync,
    ) -> Result<UnderWay, Error> {
        let request = CommandRequest::new(ctx, name).about(circle);
        let mut command = Command::asked(&self.kolo, ctx, request, &want).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        loop {
            let found = self.kolo.circle(circle).await?;
            check(&found.state)?;
            let mut changes = command.changes();
            let intent = changes.want("call", want.clone(), Some(found.state.organiser))?;
            if let Some(done) = command.commit(changes, UnderWay { intent, circle }).await? {
                return Ok(done);
            }
        }
    }
}

impl Circle {
    /// The mirror while members may still come and go.
    pub(super) fn forming_mirror(&self) -> Result<Box<Mirror>, Error> {
        self.require_live()?;
        let mirror = self.mirror()?;
        match mirror.phase {
            Phase::Forming => Ok(mirror),
            _ => Err(Error::Refused(Refusal::NotForming)),
        }
    }

    /// Whether the member organises it or sits in it.
    pub(crate) fn concerns(&self, member: MemberId) -> bool {
        self.organiser == member || self.seat_of_member(member).is_some()
    }
}

impl Kolo {
    /// Has the member's account opened on the chain, once: strangers who only say hello cost nothing.
    /// The caller writes the member.
    pub(crate) async fn have_account_opened(
        &self,
        changes: &mut Changes,
        member: &mut Loaded<Member>,
    ) -> Result<(), Error> {
        match member.state.account {
            Account::None => {}
            Account::Opening | Account::Open => return Ok(()),
            Account::Closing => return Err(Error::UnderWay),
        }
        self.count_account(changes).await?;
        member.state.account = Account::Opening;
        let id = member.state.id;
        // Once by the member's version; a command's own intent, since an earlier one may have failed.
        changes.want("open-account", Want::OpenAccount { member: id }, None).map(drop)
    }
}

fn bounded(field: &'static str, value: u64, min: u64, max: u64) -> Result<(), Error> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(Error::OutOfBounds { field, min, max }) }
}
