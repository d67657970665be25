//! The services a dialogue uses, as one small trait, so that its decisions can be tested alone.
use async_trait::async_trait;
use kolo_rules::{Amount, Rules};

use crate::circle::{Appointment, Handover, Office, Question, UnderWay};
use crate::member::Register;
use crate::offer::{OfferView, SwapTerms};
use crate::port::chain::ChainAddress;
use crate::port::channel::Contact;
use crate::receipt::ReceiptView;
use crate::view::{
    CircleStatus, CircleSummary, DoorView, DueView, EntryDue, ExpulsionView, HistoryPage,
    InvitationPreview, InvitationView, MemberView, NewCircle, WalletView,
};
use crate::{Asset, CircleId, CommandContext, Error, IntentId, Kolo, MemberId, OfferId, TenantId};

/// What a dialogue asks and orders; [`Kolo`] in earnest. Each method is that of the service.
#[async_trait]
#[expect(missing_docs, reason = "each method is documented at the service of the same name")]
pub trait Desk: Send + Sync {
    fn tenant(&self) -> &TenantId;
    fn asset(&self) -> &Asset;
    /// The smallest and the largest number of places.
    fn seats(&self) -> (u8, u8);
    fn utc_offset_s(&self) -> i32;
    /// The most test money in one go; `None` on a real network.
    fn test_money_max(&self) -> Option<Amount>;

    async fn member(&self, id: MemberId) -> Result<MemberView, Error>;
    async fn by_contact(&self, contact: &Contact) -> Result<Option<MemberView>, Error>;
    async fn register(&self, ctx: &CommandContext, who: Register) -> Result<MemberView, Error>;

    async fn balance(&self, member: MemberId) -> Result<WalletView, Error>;
    async fn history(
        &self,
        member: MemberId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, Error>;
    async fn test_money(&self, ctx: &CommandContext, amount: Amount) -> Result<IntentId, Error>;

    async fn receipt(&self, member: MemberId, number: &str) -> Result<ReceiptView, Error>;

    fn draft(&self, wanted: &NewCircle) -> Result<Rules, Error>;
    async fn create(&self, ctx: &CommandContext, wanted: NewCircle) -> Result<UnderWay, Error>;
    async fn invite(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        phone: Option<String>,
        turn: Option<u8>,
    ) -> Result<(InvitationView, UnderWay), Error>;
    async fn free_turns(&self, circle: CircleId) -> Result<Vec<u8>, Error>;
    async fn revoke(&self, ctx: &CommandContext, code: &str) -> Result<UnderWay, Error>;
    async fn preview(&self, member: MemberId, code: &str) -> Result<InvitationPreview, Error>;
    async fn join(
        &self,
        ctx: &CommandContext,
        code: &str,
        rules_hash: [u8; 32],
    ) -> Result<UnderWay, Error>;
    async fn by_phone(&self, phone: &str) -> Result<Option<MemberView>, Error>;
    async fn open_door(&self, ctx: &CommandContext, circle: CircleId) -> Result<String, Error>;
    async fn close_door(&self, ctx: &CommandContext, code: &str) -> Result<String, Error>;
    async fn door(&self, member: MemberId, code: &str) -> Result<DoorView, Error>;
    async fn request(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        rules_hash: [u8; 32],
    ) -> Result<UnderWay, Error>;
    async fn take_back(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error>;
    async fn asked_by(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error>;
    async fn approve(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
        turn: Option<u8>,
    ) -> Result<UnderWay, Error>;
    async fn reject(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error>;
    async fn remove(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error>;
    async fn expulsion(
        &self,
        by: MemberId,
        circle: CircleId,
        whom: &ChainAddress,
    ) -> Result<ExpulsionView, Error>;
    async fn by_address(&self, address: &ChainAddress) -> Result<Option<MemberView>, Error>;
    async fn offers_of(&self, member: MemberId) -> Result<Vec<OfferView>, Error>;
    async fn offer(&self, member: MemberId, offer: OfferId) -> Result<OfferView, Error>;
    async fn swap_terms(
        &self,
        member: MemberId,
        circle: CircleId,
        with: MemberId,
    ) -> Result<SwapTerms, Error>;
    async fn offer_swap(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        with: MemberId,
        terms: SwapTerms,
    ) -> Result<OfferView, Error>;
    async fn seat_price(
        &self,
        member: MemberId,
        circle: CircleId,
        newcomer: MemberId,
    ) -> Result<Amount, Error>;
    async fn offer_seat(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        newcomer: MemberId,
        price: Amount,
    ) -> Result<OfferView, Error>;
    async fn accept_offer(
        &self,
        ctx: &CommandContext,
        offer: OfferId,
        rules_hash: Option<[u8; 32]>,
    ) -> Result<UnderWay, Error>;
    async fn decline_offer(&self, ctx: &CommandContext, offer: OfferId) -> Result<(), Error>;
    async fn withdraw_offer(&self, ctx: &CommandContext, offer: OfferId) -> Result<(), Error>;
    async fn name_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
        office: Office,
    ) -> Result<Appointment, Error>;
    async fn relieve_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
    ) -> Result<Appointment, Error>;
    async fn answer_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        accept: bool,
    ) -> Result<Appointment, Error>;
    async fn lay_down_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
    ) -> Result<Appointment, Error>;
    async fn start(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error>;
    async fn cancel(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error>;
    async fn leave(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error>;
    async fn contribute(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error>;
    async fn repay(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error>;
    async fn propose(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        question: Question,
    ) -> Result<UnderWay, Error>;
    async fn propose_by_number(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        seat: &ChainAddress,
        handover: Handover,
        phone: &str,
    ) -> Result<(), Error>;
    async fn vote(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        proposal: u32,
        approve: bool,
    ) -> Result<UnderWay, Error>;
    async fn exit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error>;
    async fn commit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error>;
    async fn secure(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error>;
    async fn bid(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error>;
    async fn entry_due(&self, member: MemberId, circle: CircleId) -> Result<EntryDue, Error>;
    async fn due(&self, member: MemberId, circle: CircleId) -> Result<DueView, Error>;
    async fn status(&self, circle: CircleId) -> Result<CircleStatus, Error>;
    async fn circles_of(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error>;
    async fn is_settled(&self, intent: IntentId) -> Result<bool, Error>;
}

#[async_trait]
impl Desk for Kolo {
    fn tenant(&self) -> &TenantId {
        Self::tenant(self)
    }

    fn asset(&self) -> &Asset {
        Self::asset(self)
    }

    fn seats(&self) -> (u8, u8) {
        self.settings().seats
    }

    fn utc_offset_s(&self) -> i32 {
        self.settings().utc_offset_s
    }

    fn test_money_max(&self) -> Option<Amount> {
        self.operator().issuer.as_ref().map(|_| Amount::new(self.settings().test_money_max))
    }

    async fn member(&self, id: MemberId) -> Result<MemberView, Error> {
        self.members().get(id).await
    }

    async fn by_contact(&self, contact: &Contact) -> Result<Option<MemberView>, Error> {
        self.members().by_contact(contact).await
    }

    async fn register(&self, ctx: &CommandContext, who: Register) -> Result<MemberView, Error> {
        self.members().register(ctx, who).await
    }

    async fn balance(&self, member: MemberId) -> Result<WalletView, Error> {
        self.wallets().balance(member).await
    }

    async fn history(
        &self,
        member: MemberId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, Error> {
        self.wallets().history(member, before, limit).await
    }

    async fn test_money(&self, ctx: &CommandContext, amount: Amount) -> Result<IntentId, Error> {
        self.wallets().test_money(ctx, amount).await
    }

    async fn receipt(&self, member: MemberId, number: &str) -> Result<ReceiptView, Error> {
        self.receipts().of_member(member, number).await
    }

    fn draft(&self, wanted: &NewCircle) -> Result<Rules, Error> {
        self.circles().draft(wanted)
    }

    async fn create(&self, ctx: &CommandContext, wanted: NewCircle) -> Result<UnderWay, Error> {
        self.circles().create(ctx, wanted).await
    }

    async fn invite(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        phone: Option<String>,
        turn: Option<u8>,
    ) -> Result<(InvitationView, UnderWay), Error> {
        self.circles().invite_to(ctx, circle, phone, turn).await
    }

    async fn free_turns(&self, circle: CircleId) -> Result<Vec<u8>, Error> {
        self.circles().free_turns(circle).await
    }

    async fn revoke(&self, ctx: &CommandContext, code: &str) -> Result<UnderWay, Error> {
        self.circles().revoke(ctx, code).await
    }

    async fn preview(&self, member: MemberId, code: &str) -> Result<InvitationPreview, Error> {
        self.circles().preview(member, code).await
    }

    async fn join(
        &self,
        ctx: &CommandContext,
        code: &str,
        rules_hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        self.circles().join(ctx, code, rules_hash).await
    }

    async fn by_phone(&self, phone: &str) -> Result<Option<MemberView>, Error> {
        self.members().by_phone(phone).await
    }

    async fn open_door(&self, ctx: &CommandContext, circle: CircleId) -> Result<String, Error> {
        self.circles().open_door(ctx, circle).await
    }

    async fn close_door(&self, ctx: &CommandContext, code: &str) -> Result<String, Error> {
        self.circles().close_door(ctx, code).await
    }

    async fn door(&self, member: MemberId, code: &str) -> Result<DoorView, Error> {
        self.circles().door(member, code).await
    }

    async fn request(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        rules_hash: [u8; 32],
    ) -> Result<UnderWay, Error> {
        self.circles().request(ctx, circle, rules_hash).await
    }

    async fn take_back(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.circles().take_back(ctx, circle).await
    }

    async fn asked_by(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error> {
        self.circles().asked_by(member).await
    }

    async fn approve(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
        turn: Option<u8>,
    ) -> Result<UnderWay, Error> {
        self.circles().approve(ctx, circle, who, turn).await
    }

    async fn reject(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        self.circles().reject(ctx, circle, who).await
    }

    async fn remove(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        who: &ChainAddress,
    ) -> Result<UnderWay, Error> {
        self.circles().remove(ctx, circle, who).await
    }

    async fn expulsion(
        &self,
        by: MemberId,
        circle: CircleId,
        whom: &ChainAddress,
    ) -> Result<ExpulsionView, Error> {
        self.circles().expulsion(by, circle, whom).await
    }

    async fn by_address(&self, address: &ChainAddress) -> Result<Option<MemberView>, Error> {
        self.members().by_address(address).await
    }

    async fn offers_of(&self, member: MemberId) -> Result<Vec<OfferView>, Error> {
        self.offers().of(member).await
    }

    async fn offer(&self, member: MemberId, offer: OfferId) -> Result<OfferView, Error> {
        self.offers().get(member, offer).await
    }

    async fn swap_terms(
        &self,
        member: MemberId,
        circle: CircleId,
        with: MemberId,
    ) -> Result<SwapTerms, Error> {
        self.offers().swap_terms(member, circle, with).await
    }

    async fn offer_swap(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        with: MemberId,
        terms: SwapTerms,
    ) -> Result<OfferView, Error> {
        self.offers().swap(ctx, circle, with, terms).await
    }

    async fn seat_price(
        &self,
        member: MemberId,
        circle: CircleId,
        newcomer: MemberId,
    ) -> Result<Amount, Error> {
        self.offers().price(member, circle, newcomer).await
    }

    async fn offer_seat(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        newcomer: MemberId,
        price: Amount,
    ) -> Result<OfferView, Error> {
        self.offers().seat(ctx, circle, newcomer, price).await
    }

    async fn accept_offer(
        &self,
        ctx: &CommandContext,
        offer: OfferId,
        rules_hash: Option<[u8; 32]>,
    ) -> Result<UnderWay, Error> {
        self.offers().accept(ctx, offer, rules_hash).await
    }

    async fn decline_offer(&self, ctx: &CommandContext, offer: OfferId) -> Result<(), Error> {
        self.offers().decline(ctx, offer).await
    }

    async fn withdraw_offer(&self, ctx: &CommandContext, offer: OfferId) -> Result<(), Error> {
        self.offers().withdraw(ctx, offer).await
    }

    async fn name_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
        office: Office,
    ) -> Result<Appointment, Error> {
        self.circles().name_officer(ctx, circle, whom, office).await
    }

    async fn relieve_officer(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        whom: MemberId,
    ) -> Result<Appointment, Error> {
        self.circles().relieve_officer(ctx, circle, whom).await
    }

    async fn answer_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        accept: bool,
    ) -> Result<Appointment, Error> {
        self.circles().answer_office(ctx, circle, accept).await
    }

    async fn lay_down_office(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
    ) -> Result<Appointment, Error> {
        self.circles().lay_down_office(ctx, circle).await
    }

    async fn start(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.circles().start(ctx, circle).await
    }

    async fn cancel(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.circles().cancel(ctx, circle).await
    }

    async fn leave(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.circles().leave(ctx, circle).await
    }

    async fn contribute(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.circles().contribute(ctx, circle, round, amount).await
    }

    async fn repay(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.circles().repay(ctx, circle, amount).await
    }

    async fn propose(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        question: Question,
    ) -> Result<UnderWay, Error> {
        self.circles().propose(ctx, circle, question).await
    }

    async fn propose_by_number(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        seat: &ChainAddress,
        handover: Handover,
        phone: &str,
    ) -> Result<(), Error> {
        self.circles().propose_by_number(ctx, circle, seat, handover, phone).await
    }

    async fn vote(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        proposal: u32,
        approve: bool,
    ) -> Result<UnderWay, Error> {
        self.circles().vote(ctx, circle, proposal, approve).await
    }

    async fn exit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.circles().exit(ctx, circle).await
    }

    async fn commit(&self, ctx: &CommandContext, circle: CircleId) -> Result<UnderWay, Error> {
        self.circles().commit(ctx, circle).await
    }

    async fn secure(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.circles().secure(ctx, circle, amount).await
    }

    async fn bid(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        round: u8,
        amount: Amount,
    ) -> Result<UnderWay, Error> {
        self.circles().bid(ctx, circle, round, amount).await
    }

    async fn entry_due(&self, member: MemberId, circle: CircleId) -> Result<EntryDue, Error> {
        self.circles().entry_due(member, circle).await
    }

    async fn due(&self, member: MemberId, circle: CircleId) -> Result<DueView, Error> {
        self.circles().due(member, circle).await
    }

    async fn status(&self, circle: CircleId) -> Result<CircleStatus, Error> {
        self.circles().status(circle).await
    }

    async fn circles_of(&self, member: MemberId) -> Result<Vec<CircleSummary>, Error> {
        self.circles().of(member).await
    }

    async fn is_settled(&self, intent: IntentId) -> Result<bool, Error> {
        self.circles().is_settled(intent).await
    }
}
