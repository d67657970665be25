//! Canned people and circles.
use kolo_rules::circle::{Due, PayoutStatus, Phase};
use kolo_rules::{Amount, Interval, Rules};

use crate::offer::{OfferStage, OfferTerms, OfferView};
use crate::port::chain::ChainAddress;
use crate::port::channel::Contact;
use crate::port::vault::{PublicKey, Signature};
use crate::receipt::{Receipt, ReceiptKind, ReceiptView, SignedReceipt};
use crate::view::{
    CircleStage, CircleStatus, CircleSummary, DoorView, DueView, InvitationPreview, MemberView,
    RequestView, SeatView, VoteOn, VoteView,
};
use crate::{Asset, CircleId, MemberId, OfferId, TenantId, Timestamp};

pub const NOW: Timestamp = Timestamp::from_unix(1_738_584_000);
/// One unit.
pub const ONE: i64 = 10_000_000;

pub fn asset() -> Asset {
    Asset { code: "USDC".to_owned(), issuer: "GISSUER".to_owned(), decimals: 7 }
}

pub fn contact(address: &str) -> Contact {
    Contact { channel: "web".to_owned(), address: address.to_owned() }
}

pub fn member(name: &str) -> MemberView {
    MemberView {
        external_id: None,
        id: MemberId::derive(&[name.as_bytes()]),
        name: name.to_owned(),
        phone: None,
        contact: Some(contact(name)),
        address: ChainAddress(format!("G{name}")),
        account_open: true,
        registered_at: NOW,
    }
}

pub fn rules(seats: u8) -> Rules {
    let weekly = Interval::Seconds(7 * 86_400);
    Rules { vote_period_s: 7 * 86_400, ..Rules::new([7; 32], seats, Amount::new(10 * ONE), weekly) }
}

/// A circle of three people, Ada (organiser), Bola and Chidi.
pub fn circle(name: &str, phase: Phase) -> CircleStatus {
    let people = ["Ada", "Bola", "Chidi"];
    let seats = people.iter().zip(1_u8..).map(|(name, turn)| SeatView {
        member: Some(member(name).id),
        name: (*name).to_owned(),
        turn,
        paid_out: false,
        instalments: u8::from(*name == "Bola"),
        is_late: *name == "Chidi",
        pending: false,
        debt: Amount::ZERO,
        fees: Amount::ZERO,
        deposit: Amount::ZERO,
        leaves_after: 0,
        address: ChainAddress(format!("G{turn}")),
        credit: Amount::ZERO,
        paid: Amount::new(10 * ONE),
        received: Amount::ZERO,
    });
    let rules = rules(if phase == Phase::Forming { 5 } else { 3 });
    CircleStatus {
        summary: CircleSummary {
            id: CircleId::derive(&[name.as_bytes()]),
            name: name.to_owned(),
            stage: CircleStage::OnChain(phase),
            rules_hash: [9; 32],
            rules,
            asset: asset(),
            members: 3,
            organiser: member("Ada").id,
            officers: Vec::new(),
            address: ChainAddress("CCIRCLE".to_owned()),
        },
        seats: seats.collect(),
        round: 1,
        rounds: 3,
        pot: Amount::new(10 * ONE),
        full_pot: Amount::new(30 * ONE),
        next_payout: PayoutStatus::Waiting {
            round: 1,
            seat: 0,
            missing: Amount::new(20 * ONE),
            at: NOW.plus(9 * 86_400).unix(),
        },
        payout_date: Some(NOW.plus(7 * 86_400)),
        deadline: Some(NOW.plus(7 * 86_400)),
        vault: Amount::new(10 * ONE),
        vault_on_chain: Some(Amount::new(10 * ONE)),
        votes: Vec::new(),
        requests: Vec::new(),
        ready_until: phase.is_getting_ready().then(|| NOW.plus(86_400)),
        bid: None,
        reserve: Amount::ZERO,
        insurance: Amount::ZERO,
    }
}

pub fn vote() -> VoteView {
    VoteView {
        proposal: 4,
        on: VoteOn::Dissolve,
        about: String::new(),
        subject: None,
        newcomer: None,
        yes: 1,
        no: 0,
        electorate: 3,
        expires_at: NOW.plus(86_400),
    }
}

/// Of Ada's pot, unless it is of something else.
pub fn receipt(kind: ReceiptKind, round: u8) -> ReceiptView {
    let receipt = Receipt {
        tenant: TenantId::default(),
        kind,
        circle: CircleId::derive(&[b"Market Women"]),
        circle_name: "Market Women".to_owned(),
        contract: ChainAddress(format!("C{}", "A".repeat(55))),
        round,
        party: ChainAddress(format!("G{}", "B".repeat(55))),
        amount: Amount::new(30 * ONE),
        asset: asset(),
        at: NOW,
        tx: "ab12cd34".repeat(8),
        event: "0000000000000000007-0000000001".to_owned(),
        credited: false,
    };
    let signed = SignedReceipt::new(receipt, PublicKey([9; 32]), Signature([7; 64]));
    ReceiptView { signed, party_name: "Ada".to_owned() }
}

pub fn due(status: &CircleStatus, amount: i64, missing: i64) -> DueView {
    let deadline = NOW.plus(7 * 86_400).unix();
    DueView {
        circle: status.summary.clone(),
        due: Due {
            round: 1,
            amount: Amount::new(amount),
            premium: Amount::ZERO,
            fees: Amount::ZERO,
            advance: false,
            deadline,
            late_after: deadline + 86_400,
        },
        debt: Amount::ZERO,
        pending: false,
        missing: Amount::new(missing),
    }
}

/// Between Ada and Bola.
pub fn offer(terms: OfferTerms, mine: bool) -> OfferView {
    let (ada, bola) = (member("Ada"), member("Bola"));
    let (maker, taker) = if mine { (ada, bola) } else { (bola, ada) };
    let pays = match terms {
        OfferTerms::Seat { price, .. } => price,
        OfferTerms::Turns { .. } => Amount::ZERO,
    };
    OfferView {
        id: OfferId::derive(&[&[u8::from(mine)], format!("{terms:?}").as_bytes()]),
        circle: circle("Market Women", Phase::Active).summary,
        maker: maker.id,
        maker_name: maker.name,
        taker: taker.id,
        taker_name: taker.name,
        mine,
        terms,
        pays,
        stage: OfferStage::Open,
        expires_at: NOW.plus(3 * 86_400),
    }
}

/// What Ada's circle looks like from outside, by its code.
pub fn door(name: &str) -> DoorView {
    DoorView {
        circle: circle(name, Phase::Forming).summary,
        organiser_name: "Ada".to_owned(),
        free: 2,
        already_member: false,
        already_waiting: false,
    }
}

pub fn waiting(name: &str) -> RequestView {
    RequestView {
        member: Some(member(name).id),
        name: name.to_owned(),
        address: member(name).address,
        phone_end: Some("4567".to_owned()),
    }
}

pub fn preview(name: &str) -> InvitationPreview {
    let mut circle = circle(name, Phase::Forming).summary;
    circle.members = 2;
    InvitationPreview {
        circle,
        organiser_name: "Ada".to_owned(),
        turn: 3,
        free: 3,
        already_member: false,
    }
}
