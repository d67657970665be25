//! A desk with canned answers that remembers what was ordered.
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use kolo_rules::circle::{Order, Phase};
use kolo_rules::{Amount, Refusal, Rules};

use super::world::{NOW, ONE, asset, due, member, offer, rules};
use crate::circle::{Appointment, Handover, Office, Question, UnderWay};
use crate::conversation::desk::Desk;
use crate::member::Register;
use crate::offer::{OfferTerms, OfferView, SwapTerms};
use crate::port::chain::ChainAddress;
use crate::port::channel::Contact;
use crate::receipt::ReceiptView;
use crate::view::{
    CircleStage, CircleStatus, CircleSummary, DoorView, DueView, EntryDue, ExpulsionView,
    HistoryLine, HistoryPage, InvitationPreview, InvitationView, MemberView, NewCircle,
    OfficerView, Options, WalletView,
};
use crate::{
    Asset, CircleId, CommandContext, Error, IntentId, InvitationId, MemberId, OfferId, TenantId,
};

/// What was ordered, and under which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    pub what: String,
    pub key: String,
}

#[derive(Default)]
pub struct State {
    pub members: Vec<MemberView>,
    pub circles: Vec<CircleStatus>,
    pub due: HashMap<CircleId, DueView>,
    pub available: i64,
    pub lines: Vec<HistoryLine>,
    pub receipts: Vec<ReceiptView>,
    pub previews: HashMap<String, InvitationPreview>,
    pub doors: HashMap<String, DoorView>,
    pub offers: Vec<OfferView>,
    /// What Ada would pay to change turns.
    pub swap_pays: Amount,
    /// Why she cannot.
    pub no_swap: Option<Refusal>,
    /// Of Ada's place, once the members have voted.
    pub price: Option<Amount>,
    pub waits_at: Vec<CircleSummary>,
    pub orders: Vec<Ordered>,
    pub settled: bool,
    pub refuse: Option<fn() -> Error>,
}

pub struct FakeDesk {
    tenant: TenantId,
    asset: Asset,
    pub test_money: bool,
    state: Mutex<State>,
}

impl Default for FakeDesk {
    fn default() -> Self {
        Self {
            tenant: TenantId::default(),
            asset: asset(),
            test_money: true,
            state: Mutex::default(),
        }
    }
}

impl FakeDesk {
    /// Ada is known and has 100 USDC.
    pub fn of_ada() -> Self {
        let desk = Self::default();
        desk.state().members.push(member("Ada"));
        desk.state().available = 100 * ONE;
        desk
    }

    pub fn with(self, status: CircleStatus) -> Self {
        let view = due(&status, 10 * ONE, 0);
        self.state().due.insert(status.summary.id, view);
        self.state().circles.push(status);
        self
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with the lock held")
    }

    pub fn ordered(&self) -> Vec<String> {
        self.state().orders.iter().map(|order| order.what.clone()).collect()
    }

    fn order(&self, ctx: &CommandContext, what: String) -> Result<IntentId, Error> {
        let mut state = self.state();
        if let Some(refuse) = state.refuse {
            return Err(refuse());
        }
        let order = Ordered { what, key: ctx.key.clone() };
        if let Some(before) = state.orders.iter().find(|before| before.key == order.key) {
            assert_eq!(*before, order, "one key, two commands");
        } else {
            state.orders.push(order);
        }
        Ok(IntentId::derive(&[ctx.key.as_bytes()]))
    }

    fn under_way(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        what: &str,
    ) -> Result<UnderWay, Error> {
        let name = self.name_of(circle);
        Ok(UnderWay { intent: self.order(ctx, format!("{what} {name}"))?, circle })
    }

    fn appointed(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        what: &str,
        (member, office, held): (MemberId, Office, bool),
    ) -> Result<Appointment, Error> {
        self.under_way(ctx, circle, what)?;
        Ok(Appointment { circle, member, office, held })
    }

    fn office_of(&self, circle: CircleId, who: MemberId) -> Option<OfficerView> {
        let state = self.state();
        let found = state.circles.iter().find(|status| status.summary.id == circle)?;
        found.summary.officers.iter().rfind(|officer| officer.member == who).copied()
    }

    fn name_of(&self, circle: CircleId) -> String {
        let state = self.state();
        let found = state.circles.iter().find(|status| status.summary.id == circle);
        found.map_or_else(|| circle.to_string(), |status| status.summary.name.clone())
    }
}

#[async_trait]
impl Desk for FakeDesk {
    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn asset(&self) -> &Asset {
        &self.asset
    }

    fn seats(&self) -> (u8, u8) {
        (2, 20)
    }

    fn utc_offset_s(&self) -> i32 {
        0
    }

    fn test_money_max(&self) -> Option<Amount> {
        self.test_money.then_some(Amount::new(1_000 * ONE))
    }

    async fn member(&self, id: MemberId) -> Result<MemberView, Error> {
        self.state().members.iter().find(|m| m.id == id).cloned().ok_or(Error::NoSuchMember)
    }

    async fn by_contact(&self, contact: &Contact) -> Result<Option<MemberView>, Error> {
        Ok(self.state().members.iter().find(|m| m.contact.as_ref() == Some(contact)).cloned())
    }

    async fn register(&self, ctx: &CommandContext, who: Register) -> Result<MemberView, Error> {
        self.order(ctx, format!("register {}", who.name))?;
        let member = MemberView { contact: who.contact, ..member(&who.name) };
        self.state().members.push(member.clone());
        Ok(member)
    }

    async fn balance(&self, _: MemberId) -> Result<WalletView, Error> {
        let settled = Amount::new(self.state().available);
        Ok(WalletView {
            asset: asset(),
            settled,
            available: settled,
            pending_out: Amount::ZERO,
            on_chain: Some(settled),
        })
    }

    async fn history(
        &self,
        _: MemberId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        let state = self.state();
        let rest: Vec<_> =
            state.lines.iter().filter(|line| before.is_none_or(|b| line.position < b)).collect();
        let lines: Vec<HistoryLine> = rest.iter().take(limit).map(|line| (*line).clone()).collect();
        let next = lines.last().filter(|_| rest.len() > limit).map(|line| line.position);
        Ok(HistoryPage { lines, next })
    }

    async fn test_money(&self, ctx: &CommandContext, amount: Amount) -> Result<IntentId, Error> {
        self.order(ctx, format!("test money {}", amount.minor_units()))
    }

    async fn receipt(&self, _: MemberId, number: &str) -> Result<ReceiptView, Error> {
        let state = self.state();
        let found = state.receipts.iter().find(|r| number.parse() == Ok(r.signed.number));
        found.cloned().ok_or(Error::NoSuchReceipt)
    }

    fn draft(&self, wanted: &NewCircle) -> Result<Rules, Error> {
        let mut rules = Rules {
            contribution: wanted.contribution,
            order: wanted.options.order,
            instalments_per_round: wanted.instalments_per_round,
            ..rules(wanted.seats)
        };
        if rules.has_draw() {
            (rules.bond, rules.setup_period_s) = (wanted.contribution, 86_400);
        }
        if rules.order == Order::Auction {
            (rules.bid_floor_bp, rules.bid_step_bp) = (6_500, 9_800);
        }
        rules.validate()?;
        Ok(rules)
    }

    async fn create(&self, ctx: &CommandContext, wanted: NewCircle) -> Result<UnderWay, Error> {
        let circle = CircleId::derive(&[wanted.name.as_bytes()]);
        let amount = wanted.contribution.minor_units();
        let mut what =
            format!("create {} {amount} {:?} {}", wanted.name, wanted.every, wanted.seats);
        if wanted.options != Options::default() || wanted.instalments_per_round != 1 {
            let (order, turn) = (wanted.options.order, wanted.options.organiser_turn);
            let payments = wanted.instalments_per_round;
            what = format!("{what} {order:?} {turn} {payments}");
        }
        Ok(UnderWay { intent: self.order(ctx, what)?, circle })
    }

    async fn by_phone(&self, phone: &str) -> Result<Option<MemberView>, Error> {
        let state = self.state();
        Ok(state.members.iter().find(|m| m.phone.as_deref() == Some(phone)).cloned())
    }

    async fn by_address(&self, address: &ChainAddress) -> Result<Option<MemberView>, Error> {
        let key = address.0.to_uppercase();
        Ok(self.state().members.iter().find(|m| m.address.0.to_uppercase() == key).cloned())
    }

    async fn offers_of(&self, _: MemberId) -> Result<Vec<OfferView>, Error> {
        Ok(self.state().offers.clone())
    }

    async fn offer(&self, _: MemberId, id: OfferId) -> Result<OfferView, Error> {
        let state = self.state();
        state.offers.iter().find(|offer| offer.id == id).cloned().ok_or(Error::NoSuchOffer)
    }

    async fn swap_terms(
        &self,
        member: MemberId,
        circle: CircleId,
        with: MemberId,
    ) -> Result<SwapTerms, Error> {
        if let Some(refusal) = self.state().no_swap {
            return Err(Error::Refused(refusal));
        }
        let pays = self.state().swap_pays;
        let seats = self.status(circle).await?.seats;
        let turn = |who| {
            let seat = seats.iter().find(|seat| seat.member == Some(who));
            seat.map(|seat| seat.turn).ok_or(Error::Refused(Refusal::NotMember))
        };
        let (now, turn) = (turn(member)?, turn(with)?);
        if now == turn {
            return Err(Error::Refused(Refusal::SameSeat));
        }
        Ok(SwapTerms { now, turn, pays })
    }

    async fn offer_swap(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        with: MemberId,
        terms: SwapTerms,
    ) -> Result<OfferView, Error> {
        let SwapTerms { now, turn, pays } = terms;
        let what = format!("offer turns {with} {now} {turn} {}", pays.minor_units());
        self.under_way(ctx, circle, &what)?;
        let turns = OfferTerms::Turns { maker: now, taker: turn };
        Ok(OfferView { pays, ..offer(turns, true) })
    }

    async fn seat_price(&self, _: MemberId, _: CircleId, _: MemberId) -> Result<Amount, Error> {
        self.state().price.ok_or(Error::Refused(Refusal::NoProposal))
    }

    async fn offer_seat(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        newcomer: MemberId,
        price: Amount,
    ) -> Result<OfferView, Error> {
        self.under_way(ctx, circle, &format!("offer seat {newcomer} {}", price.minor_units()))?;
        Ok(offer(OfferTerms::Seat { turn: 1, price }, true))
    }

    async fn accept_offer(
        &self,
        ctx: &CommandContext,
        offer: OfferId,
        hash: Option<[u8; 32]>,
    ) -> Result<UnderWay, Error> {
        let what = format!("accept offer {}", hash.is_some());
        let circle = CircleId::derive(&[offer.to_string().as_bytes()]);
        Ok(UnderWay { intent: self.order(ctx, what)?, circle })
    }

    async fn decline_offer(&self, ctx: &CommandContext, _: OfferId) -> Result<(), Error> {
        self.order(ctx, "decline offer".to_owned()).map(drop)
    }

    async fn withdraw_offer(&self, ctx: &CommandContext, _: OfferId) -> Result<(), Error> {
        self.order(ctx, "withdraw offer".to_owned()).map(drop)
    }

    async fn free_turns(&self, circle: CircleId) -> Result<Vec<u8>, Error> {
        let status = self.status(circle).await?;
        let taken = |turn: &u8| status.seats.iter().any(|seat| seat.turn == *turn);
        Ok((1..=status.summary.rules.seats).filter(|turn| !taken(turn)).collect())
    }

    async fn open_door(&self, ctx: &CommandContext, circle: CircleId) -> Result<String, Error> {
        self.under_way(ctx, circle, "group code")?;
        Ok("DR23CD45".to_owned())
    }

    async fn close_door(&self, ctx: &CommandContext, code: &str) -> Result<String, Error> {
        let door = self.door(member("Ada").id, code).await?;
        self.order(ctx, format!("close door {code}"))?;
        Ok(door.circle.name)
    }

    async fn door(&self, _: MemberId, code: &str) -> Result<DoorView, Error> {
        self.state().doors.get(code).cloned().ok_or(Error::NoSuchDoor)
    }

    async fn request(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("ask {}", hash[0]))
    }

    async fn take_back(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "take back")
    }

    async fn asked_by(&self, _: MemberId) -> Result<Vec<CircleSummary>, Error> {
        Ok(self.state().waits_at.clone())
    }

    async fn approve(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
        turn: Option<u8>,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("approve {who} {turn:?}"))
    }

    async fn reject(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("reject {who}"))
    }

    async fn remove(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("remove {who}"))
    }

    async fn expulsion(
        &self,
        _: MemberId,
        circle: CircleId,
        whom: &ChainAddress,
    ) -> Result<ExpulsionView, Error> {
        let status = self.status(circle).await?;
        let seat = status.seats.iter().find(|seat| seat.address == *whom);
        let seat = seat.ok_or(Error::NoSuchCircle)?;
        Ok(ExpulsionView {
            last_round: if seat.paid_out { 0 } else { status.round },
            paid: seat.paid,
            received: seat.received,
            debt: seat.debt,
            deposit: seat.deposit,
        })
    }

    async fn invite(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        phone: Option<String>,
        turn: Option<u8>,
    ) -> Result<(InvitationView, UnderWay), Error> {
        let to = turn.map(|turn| format!(" turn {turn}")).unwrap_or_default();
        let what = format!("invite {}{to}", phone.as_deref().unwrap_or("anybody"));
        let under_way = self.under_way(ctx, circle, &what)?;
        let circle = self.status(circle).await?.summary;
        let id = InvitationId::derive(&[ctx.key.as_bytes()]);
        Ok((
            InvitationView { id, code: "AB12CD".to_owned(), circle, phone, turn, expires_at: NOW },
            under_way,
        ))
    }

    async fn revoke(&self, ctx: &CommandContext, code: &str) -> Result<UnderWay, Error> {
        if self.state().doors.contains_key(code) {
            return Err(Error::NoSuchInvitation);
        }
        let circle = CircleId::derive(&[code.as_bytes()]);
        self.under_way(ctx, circle, &format!("revoke {code}"))
    }

    async fn preview(&self, _: MemberId, code: &str) -> Result<InvitationPreview, Error> {
        self.state().previews.get(code).cloned().ok_or(Error::NoSuchInvitation)
    }

    async fn join(
        &self,
        ctx: &CommandContext,
        code: &str,
        hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        let what = format!("join {code} {}", hash[0]);
        Ok(UnderWay {
            intent: self.order(ctx, what)?,
            circle: CircleId::derive(&[code.as_bytes()]),
        })
    }

    async fn name_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
        office: Office,
    ) -> Result<Appointment, Error> {
        let held = self.state().members.first().is_some_and(|me| me.id == whom);
        self.appointed(ctx, circle, &format!("name {whom} {office}"), (whom, office, held))
    }

    async fn relieve_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
    ) -> Result<Appointment, Error> {
        let office = self.office_of(circle, whom).ok_or(Error::NoOffice)?;
        self.appointed(
            ctx,
            circle,
            &format!("relieve {whom}"),
            (whom, office.office, office.accepted),
        )
    }

    async fn answer_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        accept: bool,
    ) -> Result<Appointment, Error> {
        let me = member("Ada").id;
        let office = self.office_of(circle, me).ok_or(Error::NoOffice)?.office;
        self.appointed(ctx, circle, &format!("answer {accept}"), (me, office, accept))
    }

    async fn lay_down_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
    ) -> Result<Appointment, Error> {
        let me = member("Ada").id;
        let office = self.office_of(circle, me).ok_or(Error::NoOffice)?.office;
        self.appointed(ctx, circle, "lay down", (me, office, true))
    }

    async fn start(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "start")
    }

    async fn cancel(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "cancel")
    }

    async fn leave(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "leave")
    }

    async fn contribute(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("contribute {round} {}", amount.minor_units()))
    }

    async fn repay(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("repay {}", amount.minor_units()))
    }

    async fn propose(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        question: Question,
    ) -> Result<UnderWay, Error> {
        let what = match question {
            Question::Dissolve => "dissolve".to_owned(),
            Question::Expel { member } => format!("expel {member}"),
            Question::Replace { leaver, newcomer } => format!("replace {leaver} {newcomer}"),
            Question::Move { from, to } => format!("move {from} {to}"),
        };
        self.under_way(ctx, circle, &what)
    }

    async fn propose_by_number(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        seat: &ChainAddress,
        handover: Handover,
        phone: &str,
    ) -> Result<(), Error> {
        let what = format!("{handover:?} {seat} {phone}").to_lowercase();
        self.under_way(ctx, circle, &what).map(drop)
    }

    async fn vote(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        proposal: u32,
        approve: bool,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("vote {proposal} {approve}"))
    }

    async fn exit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "exit")
    }

    async fn commit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, "commit")
    }

    async fn secure(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("secure {}", amount.minor_units()))
    }

    async fn bid(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.under_way(ctx, circle, &format!("bid {round} {}", amount.minor_units()))
    }

    async fn entry_due(&self, _: MemberId, circle: CircleId) -> Result<EntryDue, Error> {
        let state = self.state();
        let status = state.circles.iter().find(|s| s.summary.id == circle);
        let summary = status.ok_or(Error::NoSuchCircle)?.summary.clone();
        let is_bond = summary.stage == CircleStage::OnChain(Phase::Committing);
        Ok(EntryDue {
            circle: summary,
            amount: Amount::new(20 * ONE),
            is_bond,
            until: Some(NOW.plus(86_400)),
            pending: false,
            missing: Amount::ZERO,
        })
    }

    async fn due(&self, _: MemberId, circle: CircleId) -> Result<DueView, Error> {
        self.state().due.get(&circle).cloned().ok_or(Error::NoSuchCircle)
    }

    async fn status(&self, circle: CircleId) -> Result<CircleStatus, Error> {
        let state = self.state();
        state.circles.iter().find(|s| s.summary.id == circle).cloned().ok_or(Error::NoSuchCircle)
    }

    async fn circles_of(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error> {
        let state = self.state();
        let mine =
            state.circles.iter().filter(|s| s.seats.iter().any(|seat| seat.member == Some(member)));
        Ok(mine.map(|status| status.summary.clone()).collect())
    }

    async fn is_settled(&self, _: IntentId) -> Result<bool, Error> {
        Ok(self.state().settled)
    }
}
