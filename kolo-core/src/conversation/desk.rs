//! The services a dialogue uses, as a few small traits, so that its decisions can be tested alone.
//!
//! One line is one call: its service, its name there, what it takes and gives. Each is documented there.
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
use crate::wallet::page::{KeyLink, KeyStopped};
use crate::{
    Asset, AssetList, CircleId, CommandContext, Error, IntentId, Kolo, MemberId, OfferId, TenantId,
};

/// What a dialogue asks and orders; [`Kolo`] in earnest.
pub trait Desk: PeopleDesk + GroupDesk + RoundDesk + OfferDesk {
    /// Whose.
    fn tenant(&self) -> &TenantId;
    /// What is saved in, the usual asset first.
    fn assets(&self) -> &AssetList;
    /// The smallest and the largest number of places.
    fn seats(&self) -> (u8, u8);
    /// Of the clock people read.
    fn utc_offset_s(&self) -> i32;
    /// The most test money in one go; `None` on a real network.
    fn test_money_max(&self) -> Option<Amount>;
    /// Whether members have a page outside the chat.
    fn has_key_page(&self) -> bool;
    /// [`crate::circle::Circles::draft`].
    ///
    /// # Errors
    /// As there.
    fn draft(&self, wanted: &NewCircle) -> Result<Rules, Error>;
}

impl Desk for Kolo {
    fn tenant(&self) -> &TenantId {
        Self::tenant(self)
    }

    fn assets(&self) -> &AssetList {
        Self::assets(self)
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

    fn has_key_page(&self) -> bool {
        self.key_page_settings().is_some()
    }

    fn draft(&self, wanted: &NewCircle) -> Result<Rules, Error> {
        self.circles().draft(wanted)
    }
}

/// Declares a part of the desk, and gives each call to the service it is of.
macro_rules! desk {
    (
        $(#[$doc:meta])* $part:ident:
        $($service:ident.$there:ident = $here:ident($($arg:ident: $type:ty),*) -> $out:ty;)*
    ) => {
        $(#[$doc])*
        #[async_trait]
        #[expect(missing_docs, reason = "each call is documented at the service")]
        pub trait $part: Send + Sync {
            $(async fn $here(&self, $($arg: $type),*) -> Result<$out, Error>;)*
        }

        #[async_trait]
        impl $part for Kolo {
            $(async fn $here(&self, $($arg: $type),*) -> Result<$out, Error> {
                self.$service().$there($($arg),*).await
            })*
        }
    };
}

desk! {
    /// People, their money, and its proofs.
    PeopleDesk:
    members.get = member(id: MemberId) -> MemberView;
    members.by_contact = by_contact(contact: &Contact) -> Option<MemberView>;
    members.by_phone = by_phone(phone: &str) -> Option<MemberView>;
    members.by_address = by_address(address: &ChainAddress) -> Option<MemberView>;
    members.register = register(ctx: &CommandContext, who: Register) -> MemberView;
    wallets.balances = balances(member: MemberId) -> Vec<WalletView>;
    wallets.balance_in = balance_in(member: MemberId, asset: &Asset) -> WalletView;
    wallets.history = history(member: MemberId, before: Option<u64>, limit: usize) -> HistoryPage;
    wallets.test_money_in = test_money(ctx: &CommandContext, asset: &Asset, amount: Amount) -> IntentId;
    key_page.link = key_link(ctx: &CommandContext) -> KeyLink;
    key_page.stop = stop_key(ctx: &CommandContext) -> KeyStopped;
    receipts.of_member = receipt(member: MemberId, number: &str) -> ReceiptView;
}

desk! {
    /// Groups until they start, and who does what in them.
    GroupDesk:
    circles.create = create(ctx: &CommandContext, wanted: NewCircle) -> UnderWay;
    circles.invite_to = invite(ctx: &CommandContext, circle: CircleId, phone: Option<String>, turn: Option<u8>) -> (InvitationView, UnderWay);
    circles.free_turns = free_turns(circle: CircleId) -> Vec<u8>;
    circles.revoke = revoke(ctx: &CommandContext, code: &str) -> UnderWay;
    circles.preview = preview(member: MemberId, code: &str) -> InvitationPreview;
    circles.join = join(ctx: &CommandContext, code: &str, rules_hash: [u8; 32]) -> UnderWay;
    circles.open_door = open_door(ctx: &CommandContext, circle: CircleId) -> String;
    circles.close_door = close_door(ctx: &CommandContext, code: &str) -> String;
    circles.door = door(member: MemberId, code: &str) -> DoorView;
    circles.request = request(ctx: &CommandContext, circle: CircleId, rules_hash: [u8; 32]) -> UnderWay;
    circles.take_back = take_back(ctx: &CommandContext, circle: CircleId) -> UnderWay;
    circles.asked_by = asked_by(member: MemberId) -> Vec<CircleSummary>;
    circles.approve = approve(ctx: &CommandContext, circle: CircleId, who: &ChainAddress, turn: Option<u8>) -> UnderWay;
    circles.reject = reject(ctx: &CommandContext, circle: CircleId, who: &ChainAddress) -> UnderWay;
    circles.remove = remove(ctx: &CommandContext, circle: CircleId, who: &ChainAddress) -> UnderWay;
    circles.start = start(ctx: &CommandContext, circle: CircleId) -> UnderWay;
    circles.cancel = cancel(ctx: &CommandContext, circle: CircleId) -> UnderWay;
    circles.leave = leave(ctx: &CommandContext, circle: CircleId) -> UnderWay;
    circles.name_officer = name_officer(ctx: &CommandContext, circle: CircleId, whom: MemberId, office: Office) -> Appointment;
    circles.relieve_officer = relieve_officer(ctx: &CommandContext, circle: CircleId, whom: MemberId, office: Office, held: bool) -> Appointment;
    circles.answer_office = answer_office(ctx: &CommandContext, circle: CircleId, accept: bool) -> Appointment;
    circles.lay_down_office = lay_down_office(ctx: &CommandContext, circle: CircleId) -> Appointment;
    circles.status = status(circle: CircleId) -> CircleStatus;
    circles.of = circles_of(member: MemberId) -> Vec<CircleSummary>;
    circles.is_settled = is_settled(intent: IntentId) -> bool;
}

desk! {
    /// What is paid in, bid and voted.
    RoundDesk:
    circles.entry_due = entry_due(member: MemberId, circle: CircleId) -> EntryDue;
    circles.due = due(member: MemberId, circle: CircleId) -> DueView;
    circles.contribute = contribute(ctx: &CommandContext, circle: CircleId, round: u8, amount: Amount) -> UnderWay;
    circles.repay = repay(ctx: &CommandContext, circle: CircleId, amount: Amount) -> UnderWay;
    circles.commit = commit(ctx: &CommandContext, circle: CircleId) -> UnderWay;
    circles.secure = secure(ctx: &CommandContext, circle: CircleId, amount: Amount) -> UnderWay;
    circles.bid = bid(ctx: &CommandContext, circle: CircleId, round: u8, amount: Amount) -> UnderWay;
    circles.exit = exit(ctx: &CommandContext, circle: CircleId) -> UnderWay;
    circles.expulsion = expulsion(by: MemberId, circle: CircleId, whom: &ChainAddress) -> ExpulsionView;
    circles.propose = propose(ctx: &CommandContext, circle: CircleId, question: Question) -> UnderWay;
    circles.propose_by_number = propose_by_number(ctx: &CommandContext, circle: CircleId, seat: &ChainAddress, handover: Handover, phone: &str) -> ();
    circles.vote = vote(ctx: &CommandContext, circle: CircleId, proposal: u32, approve: bool) -> UnderWay;
}

desk! {
    /// What two people agree on.
    OfferDesk:
    offers.of = offers_of(member: MemberId) -> Vec<OfferView>;
    offers.get = offer(member: MemberId, offer: OfferId) -> OfferView;
    offers.swap_terms = swap_terms(member: MemberId, circle: CircleId, with: MemberId) -> SwapTerms;
    offers.swap = offer_swap(ctx: &CommandContext, circle: CircleId, with: MemberId, terms: SwapTerms) -> OfferView;
    offers.price = seat_price(member: MemberId, circle: CircleId, newcomer: MemberId) -> Amount;
    offers.seat = offer_seat(ctx: &CommandContext, circle: CircleId, newcomer: MemberId, price: Amount) -> OfferView;
    offers.accept = accept_offer(ctx: &CommandContext, offer: OfferId, rules_hash: Option<[u8; 32]>) -> UnderWay;
    offers.decline = decline_offer(ctx: &CommandContext, offer: OfferId) -> ();
    offers.withdraw = withdraw_offer(ctx: &CommandContext, offer: OfferId) -> ();
}
