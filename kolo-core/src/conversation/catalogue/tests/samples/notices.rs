use super::members::{member_notices, office_notices};
use super::name;
use crate::conversation::fake::{NOW, ONE};
use crate::notice::{Notice, Reason, ReminderStage};
use crate::offer::{OfferEnd, OfferKind};
use crate::port::vault::Signature;
use crate::receipt::ReceiptNumber;
use crate::view::{Every, VoteOn};
use crate::{CircleId, OfferId};

pub fn notices() -> Vec<Notice> {
    let groups = [
        money_notices(),
        forming_notices(),
        paying_notices(),
        closing_notices(),
        changing_notices(),
        member_notices(),
        office_notices(),
        offers(),
    ];
    groups.concat()
}

fn id() -> CircleId {
    CircleId::derive(&[b"a"])
}

/// Of a signed receipt.
fn number() -> Option<ReceiptNumber> {
    Some(ReceiptNumber::of(&Signature([7; 64])))
}

fn tx() -> String {
    "ab12cd34ef56".to_owned()
}

fn money_notices() -> Vec<Notice> {
    vec![
        Notice::MoneyReceived { amount: 5 * ONE, balance: 9 * ONE, tx: tx() },
        Notice::BalanceFound { amount: 5 * ONE, balance: 9 * ONE, lost: false },
        Notice::BalanceFound { amount: -ONE, balance: 9 * ONE, lost: true },
        Notice::CircleCaughtUp { circle: id(), name: name(), over: false },
        Notice::CircleCaughtUp { circle: id(), name: name(), over: true },
        Notice::MoneySent { amount: 5 * ONE, balance: 4 * ONE, tx: tx() },
        Notice::KeyExported,
        Notice::KeyRefused,
        Notice::WalletClosed,
        Notice::WalletKept { reason: Reason::Technical },
    ]
}

fn forming_notices() -> Vec<Notice> {
    let who = || "Bola".to_owned();
    let invitation = |phone: Option<&str>| Notice::InvitationReady {
        circle: id(),
        name: name(),
        code: "AB12CD".to_owned(),
        phone: phone.map(str::to_owned),
        expires_at: NOW,
    };
    let mut all = vec![
        invitation(None),
        invitation(Some("+2348031234567")),
        Notice::InvitationRevoked { name: name(), code: "AB23CD45".to_owned() },
        Notice::RevocationFailed {
            name: name(),
            code: "AB23CD45".to_owned(),
            reason: Reason::Invitation,
        },
        Notice::InvitationFailed { name: name(), reason: Reason::Invitation },
        Notice::Joined { circle: id(), name: name(), turn: 2, members: 2, seats: 5 },
        Notice::JoinFailed { name: name(), reason: Reason::Closed },
        Notice::SomebodyJoined { circle: id(), name: name(), who: who(), members: 2, seats: 5 },
        Notice::SomebodyLeft {
            circle: id(),
            name: name(),
            who: who(),
            members: 2,
            seats: 5,
            removed: false,
        },
        Notice::Started {
            circle: id(),
            name: name(),
            order: (1..=20).map(|number| format!("Member {number} {}", "x".repeat(40))).collect(),
            your_turn: 2,
            contribution: 10 * ONE,
            deadline: NOW,
        },
        Notice::RequestFailed { name: name(), reason: Reason::Rules },
        Notice::Cancelled { name: name(), refund: 0 },
        Notice::Cancelled { name: name(), refund: ONE },
        Notice::Left { name: name(), removed: false },
    ];
    for every in [Every::Days(1), Every::Days(7), Every::Days(14), Every::Days(10), Every::Month] {
        all.push(Notice::CircleReady {
            circle: id(),
            name: name(),
            seats: 5,
            contribution: 10 * ONE,
            every,
        });
    }
    let reasons = [
        Reason::TooLittleMoney,
        Reason::Crowded,
        Reason::Office,
        Reason::Rules,
        Reason::Closed,
        Reason::Invitation,
        Reason::Technical,
    ];
    all.extend(reasons.map(|reason| Notice::CircleFailed { name: name(), reason }));
    all
}

fn paying_notices() -> Vec<Notice> {
    let contributed = |late| Notice::Contributed {
        circle: id(),
        name: name(),
        round: 1,
        rounds: 3,
        amount: 10 * ONE,
        late,
        pot: 20 * ONE,
        full_pot: 30 * ONE,
        tx: tx(),
        receipt: number(),
    };
    let repaid = |left| Notice::Repaid {
        circle: id(),
        name: name(),
        amount: 5 * ONE,
        left,
        tx: tx(),
        receipt: number(),
    };
    let paid_out = |you, short| Notice::PaidOut {
        circle: id(),
        name: name(),
        round: 1,
        rounds: 3,
        recipient: "Bola".to_owned(),
        you,
        amount: 30 * ONE - short,
        short,
        back: false,
        tx: tx(),
        receipt: number(),
    };
    let reminder = |stage, grace_s| Notice::Reminder {
        circle: id(),
        name: name(),
        stage,
        round: 1,
        amount: 10 * ONE,
        deadline: NOW,
        late_after: NOW.plus(grace_s),
    };
    vec![
        contributed(false),
        contributed(true),
        Notice::ContributionFailed {
            circle: id(),
            name: name(),
            round: 1,
            amount: ONE,
            reason: Reason::Technical,
        },
        repaid(0),
        repaid(ONE),
        Notice::PaidBack {
            circle: id(),
            name: name(),
            who: "Bola".to_owned(),
            amount: 5 * ONE,
            tx: tx(),
            receipt: number(),
        },
        Notice::RepaymentFailed {
            circle: id(),
            name: name(),
            amount: ONE,
            reason: Reason::TooLittleMoney,
        },
        reminder(ReminderStage::TwoDays, 60),
        reminder(ReminderStage::OneDay, 60),
        reminder(ReminderStage::Deadline, 60),
        reminder(ReminderStage::Deadline, 0),
        reminder(ReminderStage::GraceOver, 60),
        paid_out(true, 0),
        paid_out(false, 10 * ONE),
        Notice::PayoutKept { circle: id(), name: name(), amount: ONE, receipt: number() },
        Notice::PayoutKept { circle: id(), name: name(), amount: ONE, receipt: None },
        Notice::CreditDelivered {
            circle: id(),
            name: name(),
            amount: ONE,
            tx: tx(),
            receipt: number(),
        },
    ]
}

fn closing_notices() -> Vec<Notice> {
    let proposed = |you, on| Notice::Proposed {
        circle: id(),
        name: name(),
        who: "Bola".to_owned(),
        you,
        on,
        about: "Chidi".to_owned(),
        proposal: 4,
        expires_at: NOW,
        newcomer: None,
        you_are_meant: false,
    };
    let rejected =
        |on| Notice::ProposalRejected { circle: id(), name: name(), on, about: "Chidi".to_owned() };
    let cast = |approve| Notice::VoteCast {
        circle: id(),
        name: name(),
        on: VoteOn::Dissolve,
        about: String::new(),
        approve,
        yes: 2,
        no: 1,
        electorate: 5,
    };
    vec![
        proposed(true, VoteOn::Dissolve),
        proposed(false, VoteOn::Dissolve),
        proposed(true, VoteOn::Expel),
        proposed(false, VoteOn::Move),
        cast(true),
        cast(false),
        rejected(VoteOn::Dissolve),
        rejected(VoteOn::Replace),
        Notice::Dissolved { circle: id(), name: name(), refund: ONE, debt: 0, by_debts: false },
        Notice::Dissolved { circle: id(), name: name(), refund: 0, debt: ONE, by_debts: false },
        Notice::Refunded { circle: id(), name: name(), amount: ONE, tx: tx(), receipt: number() },
        Notice::Completed { circle: id(), name: name(), paid: 30 * ONE, received: 30 * ONE },
    ]
}

fn changing_notices() -> Vec<Notice> {
    let mut all = vec![
        Notice::TurnsSwapped {
            circle: id(),
            name: name(),
            one: "Ada".to_owned(),
            other: "Bola".to_owned(),
        },
        Notice::InsurancePaid { circle: id(), name: name(), round: 2, amount: ONE },
    ];
    for (cushioned, pots, yours) in [(0, ONE, ONE), (ONE, 0, 0), (ONE, ONE, ONE)] {
        let (circle, lost) = (id(), 3 * ONE);
        all.push(Notice::VaultShort { circle, name: name(), lost, cushioned, pots, yours });
    }
    for (yours, over) in [(ONE, false), (0, false), (ONE, true), (0, true)] {
        all.push(Notice::VaultGift { circle: id(), name: name(), amount: 3 * ONE, yours, over });
    }
    for you in [true, false] {
        let (circle, who) = (id(), "Bola".to_owned());
        all.extend([
            Notice::EntryDue { circle, name: name(), amount: ONE, bond: you, until: NOW },
            Notice::EntryPaid {
                circle,
                name: name(),
                amount: ONE,
                bond: you,
                tx: tx(),
                receipt: number(),
            },
            Notice::Leaving { circle, name: name(), who: who.clone(), you, round: 2 },
            Notice::Expelled {
                circle,
                name: name(),
                who: who.clone(),
                you,
                last_round: 2,
                paid: 10 * ONE,
            },
            Notice::SeatTaken {
                circle,
                name: name(),
                who: who.clone(),
                from: "Chidi".to_owned(),
                you,
                moved: None,
            },
            Notice::BidMade { circle, name: name(), round: 1, who, you, amount: ONE },
        ]);
    }
    all
}

fn offers() -> Vec<Notice> {
    let mut all = vec![
        Notice::Upgraded { circle: id(), name: name(), code: "ab".repeat(32) },
        Notice::OtherCode { circle: id(), name: name() },
    ];
    let who = || "Bola".to_owned();
    for (kind, pays) in [
        (OfferKind::Turns, 0),
        (OfferKind::Turns, ONE),
        (OfferKind::Turns, -ONE),
        (OfferKind::Seat, 0),
        (OfferKind::Seat, ONE),
        (OfferKind::Seat, -ONE),
    ] {
        let circle = id();
        all.extend([
            Notice::OfferMade {
                circle,
                name: name(),
                offer: OfferId::derive(&[b"a"]),
                kind,
                who: who(),
                now: 1,
                turn: 2,
                pays,
                expires_at: NOW,
            },
            Notice::SeatGivenUp { circle, name: name(), who: who(), amount: pays, tx: tx() },
        ]);
    }
    for mine in [true, false] {
        let (circle, code) = (id(), "ab".repeat(32));
        all.push(Notice::UpgradeSigned { circle, name: name(), who: who(), you: mine, code });
        all.extend(
            [OfferEnd::Declined, OfferEnd::Withdrawn, OfferEnd::Expired, OfferEnd::Void].map(
                |why| {
                    let kind = OfferKind::Turns;
                    Notice::OfferEnded { circle, name: name(), kind, who: who(), mine, why }
                },
            ),
        );
    }
    all
}
