use kolo_rules::circle::{Fee, Order, PayoutStatus, Phase, Premium, Security, Shortfall};
use kolo_rules::{Amount, Interval, Rules};

use super::members::{member_replies, offer_replies, office_replies};
use super::{name, units};
use crate::circle::Action;
use crate::conversation::amount::AmountProblem;
use crate::conversation::fake::{
    NOW, asset, circle, member, preview, receipt, rules, vote, waiting,
};
use crate::conversation::phone::PhoneProblem;
use crate::conversation::reply::{GroupPosition, Home, Payment, Remark, Reply};
use crate::conversation::words::Words;
use crate::port::authorizer::CommandName;
use crate::receipt::ReceiptKind;
use crate::view::{CircleStage, HistoryLine, RequestView, VoteOn, VoteView, WalletView};

pub fn replies() -> Vec<Reply> {
    let groups = [
        people(),
        money(),
        new_groups(),
        groups(),
        statuses(),
        paying(),
        answers(),
        member_replies(),
        offer_replies(),
        office_replies(),
    ];
    groups.concat()
}

fn homes() -> Vec<Home> {
    let forming = |organiser, invites, starts| {
        let (name, members, seats) = (name(), 2, 5);
        Home::Forming { name, members, seats, organiser, invites, starts }
    };
    let due = Home::Due { name: name(), amount: units(10), deadline: NOW };
    vec![
        Home::NoGroup,
        Home::Waiting { name: name() },
        forming(true, true, true),
        forming(false, true, true),
        forming(false, true, false),
        forming(false, false, false),
        Home::Active,
        due,
    ]
}

fn people() -> Vec<Reply> {
    let mut all =
        vec![Reply::AskName, Reply::AskNameAgain, Reply::AlreadyRegistered { name: name() }];
    for home in homes() {
        all.push(Reply::Welcome { name: name(), home: home.clone() });
        all.push(Reply::Menu { name: name(), home: home.clone() });
        all.push(Reply::Help { home, test_money: true });
    }
    all
}

fn money() -> Vec<Reply> {
    let wallet = |pending: i64, on_chain| WalletView {
        asset: asset(),
        settled: units(20),
        available: units(20 - pending),
        pending_out: units(pending),
        on_chain,
    };
    let position =
        GroupPosition { name: name(), paid: units(30), received: units(10), debt: units(1) };
    let line = |kind: &str, amount: i64, pending, voided| HistoryLine {
        position: 1,
        at: NOW,
        kind: kind.to_owned(),
        amount: units(amount),
        pending,
        voided,
        circle: pending.then(name),
        round: voided.then_some(2),
        tx: Some("ab12cd34ef".to_owned()),
    };
    let kinds = [
        "deposit",
        "withdrawal",
        "gap",
        "contribution",
        "payout",
        "repayment",
        "repaid",
        "bond",
        "security",
        "refund",
        "credit",
        "unheard of",
    ];
    let lines = kinds.into_iter().flat_map(|kind| {
        [line(kind, -5, true, false), line(kind, 5, false, true), line(kind, 0, false, false)]
    });
    let kept = {
        let mut view = receipt(ReceiptKind::Payout, 2);
        view.signed.receipt.credited = true;
        view
    };
    let receipts = [
        kept,
        receipt(ReceiptKind::Payout, 1),
        receipt(ReceiptKind::Contribution, 1),
        receipt(ReceiptKind::Repayment, 0),
        receipt(ReceiptKind::Bond, 0),
        receipt(ReceiptKind::Deposit, 0),
        receipt(ReceiptKind::Credit, 0),
        receipt(ReceiptKind::Refund, 0),
    ];
    let receipts = receipts.map(|view| Reply::Receipt(Box::new(view)));
    let mut all = vec![
        Reply::ReceiptWhich,
        Reply::Balance { wallet: wallet(0, Some(units(20))), groups: Vec::new() },
        Reply::Balance {
            wallet: wallet(5, Some(units(19))),
            groups: vec![position.clone(), position],
        },
        Reply::Balance { wallet: wallet(5, None), groups: Vec::new() },
        Reply::History { lines: lines.collect(), more: true },
        Reply::HistoryEmpty,
        Reply::HistoryEnd,
        Reply::AskTestMoney { max: units(1_000) },
        Reply::TestMoneyAtMost { max: units(1_000) },
    ];
    all.extend(receipts);
    all.extend(amount_problems().into_iter().map(|problem| Reply::BadAmount { problem }));
    all
}

fn amount_problems() -> Vec<AmountProblem> {
    let all = vec![
        AmountProblem::Empty,
        AmountProblem::Negative,
        AmountProblem::Scientific,
        AmountProblem::OtherDigits,
        AmountProblem::TooManyDecimals { most: 7 },
        AmountProblem::Zero,
        AmountProblem::TooLarge,
        AmountProblem::Ambiguous { grouped: "1000".to_owned(), pointed: "1".to_owned() },
        AmountProblem::OtherCurrency("₦".to_owned()),
        AmountProblem::NotANumber,
    ];
    // A new reason must be added above.
    for problem in &all {
        match problem {
            AmountProblem::Empty
            | AmountProblem::Negative
            | AmountProblem::Scientific
            | AmountProblem::OtherDigits
            | AmountProblem::TooManyDecimals { .. }
            | AmountProblem::Zero
            | AmountProblem::TooLarge
            | AmountProblem::Ambiguous { .. }
            | AmountProblem::OtherCurrency(_)
            | AmountProblem::NotANumber => {}
        }
    }
    all
}

/// Rules that bring out every sentence.
fn all_rules() -> Vec<Rules> {
    let plain = rules(5);
    let intervals = [
        Interval::Seconds(86_400),
        Interval::Seconds(10 * 86_400),
        Interval::Seconds(14 * 86_400),
        Interval::Seconds(3_600),
        Interval::Seconds(7_200),
        Interval::Seconds(1),
        Interval::Seconds(90),
        Interval::Months(1),
        Interval::Months(2),
    ];
    let mut all: Vec<Rules> =
        intervals.into_iter().map(|interval| Rules { interval, ..plain }).collect();
    all.push(Rules {
        instalments_per_round: 4,
        order: Order::Fixed,
        shortfall: Shortfall::ShortPot,
        advance: true,
        grace_s: 3_600,
        ..plain
    });
    all.push(Rules { grace_s: 0, ..plain });
    all.push(Rules {
        order: Order::Random,
        bond: units(10),
        shortfall: Shortfall::Share,
        partial: true,
        fee: Fee::Fixed(units(1)),
        security: Security::Exposure,
        premium: Premium::Once(units(2)),
        ..plain
    });
    all.push(Rules {
        order: Order::Auction,
        bid_floor_bp: 6_500,
        bid_step_bp: 9_825,
        fee: Fee::BasisPoints(250),
        security: Security::Fixed(units(5)),
        premium: Premium::PerInstalment(units(1)),
        ..plain
    });
    all
}

fn new_groups() -> Vec<Reply> {
    let mut all = vec![
        Reply::AskGroupName,
        Reply::BadGroupName,
        Reply::AskContribution { name: name(), problem: None },
        Reply::AskContribution { name: name(), problem: Some(AmountProblem::Zero) },
        Reply::AskInterval { again: false },
        Reply::AskInterval { again: true },
        Reply::AskSeats { min: 2, max: 20, again: false },
        Reply::AskSeats { min: 2, max: 20, again: true },
        Reply::AskCode,
        Reply::RevokeWhich,
        Reply::ConfirmJoin { preview: preview("Market Women") },
        Reply::AlreadyIn { name: name() },
        Reply::BadPhone { problem: PhoneProblem::NoCountry },
        Reply::BadPhone { problem: PhoneProblem::NotValid },
    ];
    let confirm = |rules| Reply::ConfirmCreate { name: name(), rules, rules_hash: [1; 32] };
    all.extend(all_rules().into_iter().map(confirm));
    all
}

fn groups() -> Vec<Reply> {
    vec![
        Reply::NoGroups,
        Reply::WhichGroup,
        Reply::NoSuchGroup { typed: "nobody".to_owned() },
        Reply::Creating { name: name() },
        Reply::CreationFailed { name: name() },
        Reply::OtherCode { name: name() },
        Reply::OnlyOrganiser { name: name() },
        Reply::OnlyOfficers { name: name(), who: Action::Do(CommandName::Start).who_may() },
        Reply::OnlyOfficers { name: name(), who: Action::Do(CommandName::Invite).who_may() },
        Reply::OnlyBeforeStart { name: name() },
        Reply::NotStarted { name: name(), members: 2, seats: 5 },
        Reply::Over { name: name() },
        Reply::ConfirmStart { name: name(), members: 2, seats: 5 },
        Reply::ConfirmLeave { name: name() },
        Reply::ConfirmCancelGroup { name: name() },
        Reply::ConfirmDissolve { name: name(), members: 5 },
        Reply::ConfirmVote { name: name(), approve: true, vote: vote(), stops: false },
        Reply::ConfirmVote { name: name(), approve: false, vote: vote(), stops: false },
        Reply::AskVote { name: name(), vote: vote() },
        Reply::AskVote { name: name(), vote: about(VoteOn::Replace) },
        Reply::WhichVote { name: name(), votes: vec![vote(), about(VoteOn::Move)] },
        Reply::ConfirmVote {
            name: name(),
            approve: true,
            vote: about(VoteOn::Expel),
            stops: false,
        },
        Reply::ConfirmVote { name: name(), approve: false, vote: about(VoteOn::Move), stops: true },
        Reply::ConfirmExit { name: name(), round: 2 },
        Reply::AskBid { name: name(), pot: units(30), standing: Amount::ZERO },
        Reply::AskBid { name: name(), pot: units(30), standing: units(24) },
        Reply::ConfirmBid { name: name(), round: 1, amount: units(24) },
        Reply::NoVoteOpen { name: name() },
    ]
}

fn statuses() -> Vec<Reply> {
    let phases = Phase::ALL;
    let mut all: Vec<_> = phases.into_iter().map(|phase| circle("Market Women", phase)).collect();
    let mut crowded = circle("Market Women", Phase::Forming);
    crowded.requests = vec![waiting("Dayo"); 64];
    all.push(crowded);
    let at = NOW.unix();
    let payouts = [
        PayoutStatus::None,
        PayoutStatus::Ready { round: 1, seat: 1, amount: units(30), short: Amount::ZERO },
        PayoutStatus::NotBefore { round: 1, seat: 2, at },
    ];
    for next_payout in payouts {
        let mut status = circle("Market Women", Phase::Active);
        status.next_payout = next_payout;
        status.votes = vec![vote(), about(VoteOn::Expel)];
        status.bid = Some((1, units(20)));
        status.requests = vec![RequestView {
            member: None,
            name: "Dayo".to_owned(),
            address: crate::port::chain::ChainAddress("G9".to_owned()),
            phone_end: None,
        }];
        status.reserve = units(1);
        status.insurance = units(2);
        status.seats[1].fees = units(1);
        status.seats[2].leaves_after = 1;
        status.vault_on_chain = Some(units(1));
        status.seats[0].pending = true;
        status.seats[1].paid_out = true;
        status.seats[1].debt = units(1);
        status.seats[2].credit = units(1);
        all.push(status);
    }
    let mut silent = circle("Market Women", Phase::Active);
    silent.vault_on_chain = None;
    silent.seats = vec![silent.seats[0].clone(); 30];
    all.push(silent);
    for stage in [CircleStage::Creating, CircleStage::Failed, CircleStage::Foreign] {
        let mut status = circle("Market Women", Phase::Forming);
        status.summary.stage = stage;
        all.push(status);
    }
    let me = member("Ada").id;
    all.into_iter().map(|status| Reply::Status { status: Box::new(status), me }).collect()
}

fn about(on: VoteOn) -> VoteView {
    VoteView { proposal: 7, on, about: "Bola".to_owned(), ..vote() }
}

fn paying() -> Vec<Reply> {
    let entry = |bond| Reply::ConfirmEntry {
        name: name(),
        amount: units(20),
        bond,
        until: NOW,
        balance_after: units(80),
    };
    let payment = |advance: bool, debt: i64| Payment {
        name: name(),
        round: 1,
        rounds: 3,
        amount: units(10),
        recipient: advance.then(|| "Bola".to_owned()),
        pays_back: debt > 0,
        deadline: NOW,
        advance,
        balance_after: units(90),
        premium: units(debt),
        fees: units(debt),
        debt: units(debt),
    };
    let too_little = |test_money| Reply::TooLittle {
        name: name(),
        amount: units(10),
        missing: units(3),
        test_money,
    };
    vec![
        Reply::ConfirmContribute(payment(false, 0)),
        Reply::ConfirmContribute(payment(true, 5)),
        entry(true),
        entry(false),
        Reply::NothingToPayIn { name: name() },
        Reply::NothingDue { name: name(), round: 2, deadline: NOW },
        Reply::AllPaid { name: name() },
        Reply::OnItsWay { name: name() },
        too_little(true),
        too_little(false),
        Reply::OtherAmount { name: name(), due: units(10) },
        Reply::OfferRepay { name: name(), debt: units(10) },
        Reply::ConfirmRepay {
            name: name(),
            amount: units(4),
            left: units(6),
            balance_after: units(1),
        },
        Reply::RepayAtMost { name: name(), debt: units(10) },
        Reply::NothingOwed { name: name() },
    ]
}

fn answers() -> Vec<Reply> {
    vec![
        Reply::Declined,
        Reply::TimedOut,
        Reply::YesOrNo,
        Reply::NothingToConfirm,
        Reply::StaleButton,
        Reply::Stopped,
        Reply::NothingToStop,
        Reply::NoSuchChoice { most: 5 },
        Reply::NotUnderstood,
        Reply::TooLong,
        Reply::Empty,
        Reply::With(Remark::Welcome { name: name() }, Box::new(Reply::AskCode)),
        Reply::With(Remark::Dropped, Box::new(Reply::AskCode)),
        Reply::Trouble(Words::new("error-not-ready")),
        Reply::Processing,
        Reply::Broken,
    ]
}
