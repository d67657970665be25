use super::{name, units};
use crate::CircleId;
use crate::circle::{Office, OfficeChange};
use crate::conversation::fake::{NOW, ONE, door, offer, waiting};
use crate::conversation::reply::{Act, Moving, Newcomer, OfficerLine, Reply, Selling};
use crate::notice::Notice;
use crate::offer::{OfferTerms, OfferView, SwapTerms};
use crate::port::chain::ChainAddress;
use crate::view::{Every, ExpulsionView, NewcomerView, RequestView, VoteOn};

const ACTS: [Act; 8] = [
    Act::Approve,
    Act::Reject,
    Act::Remove,
    Act::Expel,
    Act::Move,
    Act::Swap,
    Act::Appoint(Office::Secretary),
    Act::Relieve,
];

fn who() -> String {
    "Bola".to_owned()
}

fn id() -> CircleId {
    CircleId::derive(&[b"a"])
}

fn newcomer() -> NewcomerView {
    NewcomerView { name: "Bola A.".to_owned(), address: address() }
}

fn address() -> ChainAddress {
    ChainAddress(format!("G{}K7QP", "A".repeat(51)))
}

pub fn member_replies() -> Vec<Reply> {
    let mut all = places();
    for act in ACTS {
        all.push(Reply::AskWhom { name: name(), act });
        all.push(Reply::NobodyCalled { name: name(), typed: who(), act });
    }
    let means = |last_round: u8, more: i64| ExpulsionView {
        last_round,
        paid: units(20),
        received: units(30),
        debt: units(more),
        deposit: units(more),
    };
    for means in [means(0, 0), means(2, 5)] {
        all.push(Reply::ConfirmExpel { name: name(), who: who(), members: 5, means });
    }
    let moving = |days| Moving { who: who(), to: Newcomer::Known(newcomer()), members: 5, days };
    let unknown = Moving { to: Newcomer::Number("+2348031234567".to_owned()), ..moving(1) };
    all.extend([
        Reply::ConfirmRemove { name: name(), who: who() },
        Reply::NotYourself,
        Reply::MoveHow,
        Reply::PassedOn { number: "+2348031234567".to_owned() },
        Reply::HasAPlace { who: who() },
        Reply::ConfirmMove { name: name(), moving: moving(1) },
        Reply::ConfirmMove { name: name(), moving: moving(7) },
        Reply::ConfirmMove { name: name(), moving: unknown },
        Reply::NoSuchVote { name: name(), typed: "99999999999".to_owned() },
    ]);
    all
}

const CHANGES: [OfficeChange; 5] = [
    OfficeChange::Asked,
    OfficeChange::Withdrawn,
    OfficeChange::Declined,
    OfficeChange::Taken,
    OfficeChange::Ended,
];

pub fn office_replies() -> Vec<Reply> {
    let line = |(office, accepted)| OfficerLine { who: who(), office, accepted };
    let officers = Office::ALL.into_iter().zip([true, false, true]).map(line).collect();
    let mut all = vec![
        Reply::RoleHow,
        Reply::Roles { name: name(), organiser: who(), officers, yours: true },
        Reply::Roles { name: name(), organiser: who(), officers: Vec::new(), yours: false },
    ];
    for office in Office::ALL {
        for you in [true, false] {
            for instead_of in [None, Some(Office::Chairman), Some(Office::Secretary)] {
                let (name, who) = (name(), who());
                all.push(Reply::ConfirmRole { name, who, office, you, instead_of });
            }
            for held in [true, false] {
                all.push(Reply::ConfirmRoleEnd { name: name(), who: who(), office, you, held });
            }
            all.extend(CHANGES.map(|change| {
                let (name, who) = (name(), who());
                Reply::RoleDone { name, who, office, you, change }
            }));
        }
    }
    all
}

pub fn office_notices() -> Vec<Notice> {
    let mut all = Vec::new();
    for (change, office) in CHANGES.into_iter().zip(Office::ALL.into_iter().cycle()) {
        for you in [true, false] {
            let (circle, name, who) = (id(), name(), who());
            let instead_of = you.then_some(Office::Treasurer);
            let vacant = you;
            all.push(Notice::Office { circle, name, who, you, office, change, vacant, instead_of });
        }
    }
    all
}

pub fn offer_replies() -> Vec<Reply> {
    let turns = |mine| offer(OfferTerms::Turns { maker: 1, taker: 2 }, mine);
    let seat = |price| offer(OfferTerms::Seat { turn: 3, price: units(price) }, false);
    let offers = vec![turns(true), turns(false), seat(20)];
    let mut all = vec![
        Reply::CannotBeAsked { who: who() },
        Reply::SellHow,
        Reply::OfferSent { offer: turns(true) },
        Reply::Offers { offers },
        Reply::NoOffers,
        Reply::ConfirmAccept { offer: turns(false), balance_after: units(5) },
        Reply::ConfirmEndOffer { offer: turns(false) },
        Reply::OfferOver { who: who(), mine: true },
        Reply::OfferOver { who: who(), mine: false },
    ];
    for price in [-20, 0, 20] {
        let pays = units(price);
        let terms = SwapTerms { now: 2, turn: 3, pays };
        all.push(Reply::ConfirmSwap { name: name(), who: who(), terms });
        let selling = Selling { to: Newcomer::Known(newcomer()), price: pays, members: 5, days: 7 };
        all.push(Reply::ConfirmSell { name: name(), selling });
        all.push(Reply::ConfirmOfferSeat { name: name(), to: newcomer(), price: pays });
        all.push(Reply::ConfirmAccept { offer: seat(price), balance_after: units(5) });
        all.push(Reply::ConfirmEndOffer { offer: OfferView { mine: true, ..seat(price) } });
    }
    all
}

fn places() -> Vec<Reply> {
    let outsider = RequestView { member: None, phone_end: None, ..waiting("GABC…WXYZ") };
    let many = vec![waiting(&"x".repeat(60)); 64];
    let approve = |turn, last, phone_end: Option<&str>| Reply::ConfirmApprove {
        name: name(),
        who: who(),
        phone_end: phone_end.map(str::to_owned),
        turn,
        last,
    };
    vec![
        Reply::GroupCode { name: name(), code: "AB23CD45".to_owned() },
        Reply::GroupCodeClosed { name: name() },
        Reply::ConfirmAsk { door: door("Market Women") },
        Reply::AlreadyAsked { name: name() },
        Reply::ConfirmTakeBack { name: name() },
        Reply::NoRequest,
        Reply::Requests { name: name(), waiting: vec![waiting("Bola"), outsider], free: 1 },
        Reply::Requests { name: name(), waiting: many, free: 0 },
        Reply::NobodyWaits { name: name() },
        approve(None, false, Some("4567")),
        approve(Some(3), true, None),
        Reply::ConfirmReject { name: name(), who: who(), phone_end: None },
        Reply::AskOwnTurn { seats: 5, again: false },
        Reply::AskOwnTurn { seats: 5, again: true },
        Reply::BadPayout { every: Every::Days(3) },
    ]
}

pub fn member_notices() -> Vec<Notice> {
    let asked = |address| Notice::PlaceAsked { circle: id(), name: name(), who: who(), address };
    let passed = |on, you_are_meant| Notice::VotePassed {
        circle: id(),
        name: name(),
        on,
        about: who(),
        you_are_meant,
        newcomer: Some(newcomer()),
        proposal: 3,
        at: NOW,
    };
    let paid_back = |you, short| Notice::PaidOut {
        circle: id(),
        name: name(),
        round: 4,
        rounds: 4,
        recipient: who(),
        you,
        amount: 20 * ONE,
        short,
        back: true,
        tx: "ab12cd34ef56".to_owned(),
        receipt: None,
    };
    let expelled = |you| Notice::Expelled {
        circle: id(),
        name: name(),
        who: who(),
        you,
        last_round: 0,
        paid: 20 * ONE,
    };
    let stopped = |you| Notice::MoveStopped { circle: id(), name: name(), who: who(), you };
    let proposed = |on, newcomer| Notice::Proposed {
        circle: id(),
        name: name(),
        who: "Ada".to_owned(),
        you: false,
        on,
        about: who(),
        proposal: 3,
        expires_at: NOW,
        newcomer,
        you_are_meant: true,
    };
    vec![
        asked(None),
        asked(Some(address())),
        Notice::PlacesAsked { circle: id(), name: name(), waiting: 4 },
        Notice::PlaceWaiting { circle: id(), name: name() },
        Notice::PlaceRefused { name: name() },
        Notice::PlaceDenied { circle: id(), name: name(), who: who() },
        Notice::PlaceTakenBack { name: name() },
        Notice::PlaceGone { name: name(), started: true },
        Notice::PlaceGone { name: name(), started: false },
        Notice::Left { name: name(), removed: true },
        Notice::SomebodyLeft {
            circle: id(),
            name: name(),
            who: who(),
            members: 2,
            seats: 5,
            removed: true,
        },
        passed(VoteOn::Move, true),
        passed(VoteOn::Move, false),
        passed(VoteOn::Replace, true),
        passed(VoteOn::Replace, false),
        paid_back(true, 0),
        paid_back(false, ONE),
        expelled(true),
        expelled(false),
        stopped(true),
        stopped(false),
        Notice::SeatGiven { circle: id(), name: name(), who: who(), to: address() },
        proposed(VoteOn::Move, Some(newcomer())),
        proposed(VoteOn::Replace, Some(newcomer())),
        proposed(VoteOn::Expel, None),
        Notice::SeatTaken {
            circle: id(),
            name: name(),
            who: who(),
            from: who(),
            you: true,
            moved: Some(address()),
        },
        Notice::Dissolved { circle: id(), name: name(), refund: 5, debt: 0, by_debts: true },
    ]
}
