//! Random rules and random things that people try.

use kolo_rules::circle::{Fee, Motion, Order, Premium, Security, Shortfall};
use kolo_rules::{Interval, Rules};
use proptest::prelude::*;

use crate::support::amount;

/// What somebody tries next. Seats are taken modulo the members, but for [`STRANGER`].
#[derive(Clone, Debug)]
pub enum Act {
    /// So many days, and a second more or less.
    Wait(u64),
    /// To just before, at or just after what comes next.
    WaitForPayout(i64),
    Join(u8),
    Leave(u8),
    Start,
    Cancel,
    Commit(u8),
    Reveal(u8),
    Proceed,
    Draw,
    Secure(u8),
    /// Everybody but one commits.
    Commitments(u8),
    /// Everybody but one does what is asked for before the first round.
    GetReady(u8),
    PayDue(u8),
    EverybodyPays,
    /// So many percent of what is due.
    PayPart(u8, i64),
    PayAny(u8, u8, i64),
    PayoutNext {
        delivered: bool,
    },
    PayoutAny(u8),
    /// So many percent of the debt.
    Repay(u8, i64, bool),
    TopUp(u8),
    Push(u8),
    /// So many percent of the nominal pot.
    Bid(u8, i64),
    /// So many percent of an instalment.
    Insure(u8, u8, i64),
    Swap(u8, u8),
    Exit(u8),
    Propose(u8, Motion, u8),
    Vote(u8, Motion, bool),
    /// The motion is carried, if enough may vote.
    Carry(Motion, u8),
    /// A replacement or a move that was agreed on, of the seat that it is about: three times of four.
    CarryOut(u8, u8),
    Replace(u8),
    CompleteMove(u8),
    Object(u8),
    Claim(u8),
    Gift(i64),
    Clawback(i64),
}

/// A seat that nobody has.
pub const STRANGER: u8 = 12;

fn motion() -> impl Strategy<Value = Motion> {
    (0..4_usize).prop_map(|kind| Motion::ALL[kind])
}

pub fn act() -> impl Strategy<Value = Act> {
    let seat = || prop_oneof![20 => 0..6_u8, 1 => Just(STRANGER)];
    let ready = prop_oneof![
        4 => seat().prop_map(Act::Commit),
        4 => seat().prop_map(Act::Reveal),
        3 => seat().prop_map(Act::Secure),
        1 => Just(Act::Proceed),
        1 => Just(Act::Draw),
        2 => prop_oneof![seat(), Just(STRANGER)].prop_map(Act::Commitments),
        2 => prop_oneof![seat(), Just(STRANGER)].prop_map(Act::GetReady),
    ];
    let forming = prop_oneof![
        6 => (0..8_u8).prop_map(Act::Join),
        1 => seat().prop_map(Act::Leave),
        1 => Just(Act::Start),
        1 => (0..8_u8).prop_map(|n| if n == 0 { Act::Cancel } else { Act::Start }),
    ];
    let paying = prop_oneof![
        12 => seat().prop_map(Act::PayDue),
        4 => Just(Act::EverybodyPays),
        4 => (seat(), 1..100_i64).prop_map(|(seat, part)| Act::PayPart(seat, part)),
        2 => (seat(), 0..8_u8, -5..40_i64).prop_map(|(s, r, a)| Act::PayAny(s, r, a)),
        4 => any::<bool>().prop_map(|delivered| Act::PayoutNext { delivered }),
        1 => (0..9_u8).prop_map(Act::PayoutAny),
        5 => (seat(), 50..105_i64).prop_map(|(seat, part)| Act::Bid(seat, part)),
        8 => (seat(), seat(), 0..120_i64).prop_map(|(s, d, part)| Act::Insure(s, d, part)),
        6 => (seat(), 0..110_i64, any::<bool>()).prop_map(|(s, part, d)| Act::Repay(s, part, d)),
        1 => seat().prop_map(Act::TopUp),
        3 => seat().prop_map(Act::Push),
    ];
    let moving = prop_oneof![
        2 => (seat(), seat()).prop_map(|(a, b)| Act::Swap(a, b)),
        1 => seat().prop_map(Act::Exit),
        2 => (seat(), motion(), seat()).prop_map(|(s, m, about)| Act::Propose(s, m, about)),
        4 => (seat(), motion(), 0..4_u8).prop_map(|(s, m, n)| Act::Vote(s, m, n > 0)),
        4 => (0..16_usize, seat()).prop_map(|(m, s)| Act::Carry(Motion::ALL[m.div_ceil(5)], s)),
        4 => (seat(), 0..4_u8).prop_map(|(s, n)| Act::CarryOut(s, n)),
        3 => seat().prop_map(Act::Replace),
        2 => seat().prop_map(Act::CompleteMove),
        1 => seat().prop_map(Act::Object),
        2 => seat().prop_map(Act::Claim),
    ];
    prop_oneof![
        6 => (0..20_u64).prop_map(Act::Wait),
        4 => (-1..2_i64).prop_map(Act::WaitForPayout),
        5 => ready,
        3 => forming,
        40 => paying,
        12 => moving,
        1 => (0..50_i64).prop_map(Act::Gift),
        1 => (0..60_i64).prop_map(Act::Clawback),
    ]
}

/// What money there is beside instalments.
fn options() -> impl Strategy<Value = Rules> {
    let fee = prop_oneof![
        2 => Just(Fee::None),
        1 => (1..9_i64).prop_map(|fee| Fee::Fixed(amount(fee))),
        1 => (1..=10_000_u16).prop_map(Fee::BasisPoints),
    ];
    let security = prop_oneof![
        2 => Just(Security::None),
        1 => (1..60_i64).prop_map(|deposit| Security::Fixed(amount(deposit))),
        2 => Just(Security::Exposure),
    ];
    let premium = prop_oneof![
        2 => Just(Premium::None),
        1 => (1..9_i64).prop_map(|premium| Premium::Once(amount(premium))),
        2 => (1..9_i64).prop_map(|premium| Premium::PerInstalment(amount(premium))),
    ];
    let order = prop_oneof![
        Just(Order::Join),
        Just(Order::Fixed),
        Just(Order::Random),
        Just(Order::Auction),
    ];
    let shortfall =
        prop_oneof![Just(Shortfall::ShortPot), Just(Shortfall::Wait), Just(Shortfall::Share)];
    let choices = (any::<bool>(), any::<bool>());
    (fee, security, premium, order, shortfall, choices).prop_map(
        |(fee, security, premium, order, shortfall, (advance, partial))| {
            let auction = order == Order::Auction;
            let exposure = security == Security::Exposure;
            let per_instalment = matches!(premium, Premium::PerInstalment(_));
            Rules {
                fee,
                security: if auction && exposure { Security::Fixed(amount(25)) } else { security },
                premium,
                insurance_target: amount(if per_instalment { 30 } else { 0 }),
                order,
                bid_floor_bp: if auction { 6_500 } else { 0 },
                bid_step_bp: if auction { 9_800 } else { 0 },
                bond: amount(if order == Order::Random { 7 } else { 0 }),
                setup_period_s: 3 * 86_400,
                shortfall,
                advance,
                partial: partial && !per_instalment,
                ..Rules::new([1; 32], 6, amount(10), Interval::Months(1))
            }
        },
    )
}

pub fn some_rules() -> impl Strategy<Value = Rules> {
    let interval = prop_oneof![
        (1..15_u32).prop_map(|days| Interval::Seconds(days * 86_400)),
        (1..3_u8).prop_map(Interval::Months),
    ];
    (
        options(),
        prop_oneof![1 => Just(2_u8), 6 => 3..=6_u8],
        1..=30_i64,
        1..=3_u8,
        interval,
        0..5_u32,
        any::<bool>(),
    )
        .prop_map(
            |(options, seats, contribution, instalments_per_round, interval, grace, all)| Rules {
                seats,
                min_members: if all { seats } else { 2 },
                contribution: amount(contribution),
                instalments_per_round,
                interval,
                utc_offset_s: 3600,
                grace_s: grace * 86_400,
                vote_period_s: 20 * 86_400,
                ..options
            },
        )
}

/// The same without anything that makes one gain what another loses: fees, premiums, bids.
pub fn plain_rules() -> impl Strategy<Value = Rules> {
    some_rules().prop_map(|rules| Rules {
        fee: Fee::None,
        premium: Premium::None,
        insurance_target: amount(0),
        order: if rules.order == Order::Fixed { Order::Fixed } else { Order::Join },
        bid_floor_bp: 0,
        bid_step_bp: 0,
        bond: amount(0),
        ..rules
    })
}
