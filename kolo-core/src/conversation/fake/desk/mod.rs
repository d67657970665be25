//! A desk with canned answers that remembers what was ordered; its parts are those of the real one.
mod group;
mod offer;
mod people;
mod round;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use kolo_rules::circle::{Order, Phase};
use kolo_rules::{Amount, Refusal, Rules};

use crate::circle::{Appointment, Handover, Office, Question, UnderWay};
use crate::conversation::desk::{Desk, GroupDesk, OfferDesk, PeopleDesk, RoundDesk};
use crate::conversation::fake::world::{NOW, ONE, asset, due, member, offer, rules};
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
    Asset, AssetList, CircleId, CommandContext, Error, IntentId, InvitationId, MemberId, OfferId,
    TenantId,
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
    /// Of the usual asset.
    pub available: i64,
    /// Of the others.
    pub others: Vec<(Asset, i64)>,
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
    /// Why there is no price; else there has been no vote.
    pub no_price: Option<Refusal>,
    pub waits_at: Vec<CircleSummary>,
    pub orders: Vec<Ordered>,
    pub settled: bool,
    pub refuse: Option<fn() -> Error>,
}

pub struct FakeDesk {
    tenant: TenantId,
    assets: AssetList,
    pub test_money: bool,
    state: Mutex<State>,
}

impl Default for FakeDesk {
    fn default() -> Self {
        Self {
            tenant: TenantId::default(),
            assets: asset().into(),
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

    pub fn saving_in(self, assets: AssetList) -> Self {
        Self { assets, ..self }
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

impl Desk for FakeDesk {
    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn assets(&self) -> &AssetList {
        &self.assets
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

    fn has_key_page(&self) -> bool {
        self.test_money
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
}
