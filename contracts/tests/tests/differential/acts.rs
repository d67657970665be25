//! Random rules, and random things that people, the issuer and time try.
use kolo_rules::circle::{Fee, Order, Phase, Premium, Security, Shortfall};
use kolo_rules::{Amount, Interval, Rules};
use proptest::prelude::*;

/// Somebody: below 100 the member of a seat (modulo the members there are), else a person.
pub type Who = u8;

/// How a call is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    Properly,
    /// Without the transfers inside it.
    WithoutTransfers,
    Nobody,
    /// By this person in place of the first who should.
    Other(u8),
}

/// What happens next.
#[derive(Clone, Debug)]
pub enum Act {
    /// The first while the circle forms, the second while it gets ready, else the third.
    Try([Try; 3], Signing),
    /// So many days, and a second more or less.
    Wait(u64),
    /// To just before, at or just after one of the times that matter.
    Moment(u8, i64),
    /// Everybody but one, the members and strangers as they come, joins, until the circle is full.
    FillUp(u8),
    /// Everybody but one does what is asked for before the first round.
    GetReady(u8),
    /// Everybody but one pays what is due.
    EverybodyPays(u8),
    /// The same, and as soon as it can be paid out the pot is.
    Round(u8),
    /// The motion is carried, if enough may vote.
    Carry(u32, Who, Who),
    /// A replacement or a move that was agreed on, after so many vote periods' halves.
    CarryOut(u8),
    Freeze(Who, bool),
    FreezeVault(bool),
    /// A trustline with room for so much more.
    Trustline(Who, i64),
    Gift(i64),
    Clawback(i64),
}

/// A call, in terms of what would be right.
#[derive(Clone, Debug)]
pub enum Try {
    Invite(Who, Option<u8>, i64),
    InviteKey(u8, Option<u8>, i64),
    Revoke(Who),
    Join(Who, bool),
    JoinByKey(Who, u8, bool),
    Request(Who, bool),
    Approve(Who, bool),
    Reject(Who),
    Leave(Who),
    Remove(Who),
    Start,
    Cancel,
    Commit(Who),
    /// What was committed to, or not.
    Reveal(Who, bool),
    /// So much more than what is due.
    Secure(Who, i64),
    Proceed,
    /// So many percent of what is due.
    Pay(Who, i64),
    PayAny(Who, u32, i128),
    Payout(i64),
    Push(Who),
    /// So many percent of the debt.
    Repay(Who, i64),
    /// So many percent of the nominal pot.
    Bid(Who, i64),
    /// So many percent of an instalment.
    Insure(Who, Who, i64),
    Swap(Who, Who),
    Exit(Who),
    Propose(Who, u32, Option<Who>, Option<Who>),
    /// On the latest proposal, or so many before.
    Vote(Who, u32, bool),
    /// So much more than the price.
    Replace(Who, Who, i64),
    CompleteMove(Who),
    Object(Who),
    SignUpgrade(Who, u8),
    Upgrade(u8),
    Claim(Who),
    Sync,
    ExtendTtl,
}

impl Try {
    /// Whether it may be accepted in this phase.
    pub const fn is_apt(&self, phase: Phase) -> bool {
        match self {
            Self::Invite(..)
            | Self::InviteKey(..)
            | Self::Revoke(..)
            | Self::Join(..)
            | Self::JoinByKey(..)
            | Self::Request(..)
            | Self::Approve(..)
            | Self::Reject(..)
            | Self::Leave(..)
            | Self::Remove(..)
            | Self::Start
            | Self::Cancel => matches!(phase, Phase::Forming),
            Self::Commit(..) => matches!(phase, Phase::Committing),
            Self::Reveal(..) => matches!(phase, Phase::Revealing),
            Self::Secure(..) => matches!(phase, Phase::Securing),
            Self::Proceed => phase.is_getting_ready(),
            Self::Claim(..) => matches!(phase, Phase::Dissolved | Phase::Completed),
            Self::Push(..)
            | Self::Sync
            | Self::ExtendTtl
            | Self::SignUpgrade(..)
            | Self::Upgrade(..) => true,
            Self::Repay(..) => {
                matches!(phase, Phase::Active | Phase::Dissolved | Phase::Completed)
            }
            _ => matches!(phase, Phase::Active),
        }
    }
}

/// How a history begins.
#[derive(Clone, Debug)]
pub struct Story {
    pub rules: Rules,
    pub organiser_joins: bool,
    /// How far it is before the acts: 0 empty, 1 full, 2 ready for the first round.
    pub beginning: u8,
    /// Which of the peculiar people is among the members.
    pub odd: u8,
    pub acts: Vec<Act>,
}

fn amount(minor_units: i64) -> Amount {
    Amount::new(minor_units)
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![20 => 0..6_u8, 1 => 100..112_u8]
}

fn stranger() -> impl Strategy<Value = Who> {
    prop_oneof![8 => 100..112_u8, 1 => 0..6_u8]
}

fn yes_mostly() -> impl Strategy<Value = bool> {
    (0..5_u8).prop_map(|n| n > 0)
}

fn forming() -> impl Strategy<Value = Try> {
    let turn = || prop_oneof![3 => Just(None), 3 => (0..7_u8).prop_map(Some)];
    prop_oneof![
        6 => (stranger(), turn(), -1..3_i64).prop_map(|(w, t, d)| Try::Invite(w, t, d)),
        3 => (0..3_u8, turn(), -1..3_i64).prop_map(|(k, t, d)| Try::InviteKey(k, t, d)),
        2 => stranger().prop_map(Try::Revoke),
        6 => (stranger(), yes_mostly()).prop_map(|(w, right)| Try::Join(w, right)),
        5 => (stranger(), 0..3_u8, yes_mostly()).prop_map(|(w, k, r)| Try::JoinByKey(w, k, r)),
        6 => (stranger(), yes_mostly()).prop_map(|(w, right)| Try::Request(w, right)),
        5 => (stranger(), yes_mostly()).prop_map(|(w, right)| Try::Approve(w, right)),
        2 => stranger().prop_map(Try::Reject),
        2 => prop_oneof![who(), stranger()].prop_map(Try::Leave),
        1 => who().prop_map(Try::Remove),
        2 => Just(Try::Start),
        1 => (0..4_u8).prop_map(|n| if n == 0 { Try::Cancel } else { Try::Start }),
    ]
}

fn ready() -> impl Strategy<Value = Try> {
    prop_oneof![
        3 => who().prop_map(Try::Commit),
        4 => (who(), yes_mostly()).prop_map(|(w, right)| Try::Reveal(w, right)),
        3 => (who(), -1..3_i64).prop_map(|(w, more)| Try::Secure(w, more / 2)),
        2 => Just(Try::Proceed),
    ]
}

fn paying() -> impl Strategy<Value = Try> {
    let odd_amount = prop_oneof![
        8 => (-5..40_i128).boxed(),
        1 => Just(i128::MAX).boxed(),
        1 => Just(i128::from(i64::MAX) + 1).boxed(),
        1 => Just(i128::from(i64::MIN)).boxed(),
    ];
    prop_oneof![
        10 => who().prop_map(|w| Try::Pay(w, 100)),
        3 => (who(), 1..110_i64).prop_map(|(w, percent)| Try::Pay(w, percent)),
        2 => (who(), prop_oneof![0..8_u32, 254..300_u32], odd_amount)
            .prop_map(|(w, round, amount)| Try::PayAny(w, round, amount)),
        8 => prop_oneof![8 => Just(0_i64), 1 => Just(1_i64), 1 => Just(-1_i64)].prop_map(Try::Payout),
        4 => who().prop_map(Try::Push),
        6 => (who(), 0..125_i64).prop_map(|(w, percent)| Try::Repay(w, percent)),
        4 => (who(), 50..105_i64).prop_map(|(w, percent)| Try::Bid(w, percent)),
        5 => (who(), who(), 0..120_i64).prop_map(|(w, of, percent)| Try::Insure(w, of, percent)),
        2 => who().prop_map(Try::Claim),
        2 => Just(Try::Sync),
        1 => Just(Try::ExtendTtl),
    ]
}

fn moving() -> impl Strategy<Value = Try> {
    let maybe = |strategy: BoxedStrategy<Who>| proptest::option::weighted(0.8, strategy);
    prop_oneof![
        3 => (who(), who()).prop_map(|(a, b)| Try::Swap(a, b)),
        2 => who().prop_map(Try::Exit),
        4 => (who(), 0..5_u32, maybe(who().boxed()), maybe(stranger().boxed()))
            .prop_map(|(w, motion, about, to)| Try::Propose(w, motion, about, to)),
        5 => (who(), 0..3_u32, yes_mostly()).prop_map(|(w, back, yes)| Try::Vote(w, back / 2, yes)),
        2 => (who(), stranger(), -1..2_i64).prop_map(|(l, n, more)| Try::Replace(l, n, more)),
        1 => who().prop_map(Try::CompleteMove),
        2 => who().prop_map(Try::Object),
        3 => (who(), 0..2_u8).prop_map(|(w, code)| Try::SignUpgrade(w, code)),
        1 => (0..2_u8).prop_map(Try::Upgrade),
    ]
}

pub fn act() -> impl Strategy<Value = Act> {
    let signing = || {
        prop_oneof![
            40 => Just(Signing::Properly),
            1 => Just(Signing::WithoutTransfers),
            1 => Just(Signing::Nobody),
            1 => (0..12_u8).prop_map(Signing::Other),
        ]
    };
    let running = prop_oneof![2 => paying(), 1 => moving()];
    let tries = (forming(), ready(), running)
        .prop_map(|(forming, ready, running)| [forming, ready, running]);
    prop_oneof![
        50 => (tries, signing()).prop_map(|(what, how)| Act::Try(what, how)),
        5 => (0..20_u64).prop_map(Act::Wait),
        12 => (0..6_u8, -1..2_i64).prop_map(|(nth, offset)| Act::Moment(nth, offset)),
        1 => (0..12_u8).prop_map(Act::FillUp),
        2 => (0..9_u8).prop_map(Act::GetReady),
        4 => (0..9_u8).prop_map(Act::EverybodyPays),
        5 => (0..9_u8).prop_map(Act::Round),
        3 => (0..8_u32, who(), stranger())
            .prop_map(|(m, about, to)| Act::Carry(m.div_ceil(2).min(3), about, to)),
        4 => (0..5_u8).prop_map(Act::CarryOut),
        2 => (who(), 0..3_u8).prop_map(|(w, n)| Act::Freeze(w, n == 0)),
        1 => (0..4_u8).prop_map(|n| Act::FreezeVault(n == 0)),
        1 => (who(), prop_oneof![0..30_i64, Just(100_000)]).prop_map(|(w, room)| Act::Trustline(w, room)),
        1 => (1..50_i64).prop_map(Act::Gift),
        1 => (1..60_i64).prop_map(Act::Clawback),
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
        Just(Order::Auction)
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

/// Rules for an asset that is set later.
fn rules() -> impl Strategy<Value = Rules> {
    let interval = prop_oneof![
        (1..15_u32).prop_map(|days| Interval::Seconds(days * 86_400)),
        (1..3_u8).prop_map(Interval::Months),
    ];
    let seats = prop_oneof![1 => Just(2_u8), 6 => 3..=5_u8];
    (options(), seats, 1..=30_i64, 1..=3_u8, interval, 0..5_u32, any::<bool>()).prop_map(
        |(options, seats, contribution, instalments_per_round, interval, grace, all)| Rules {
            seats,
            min_members: if all { seats } else { 2 },
            contribution: amount(contribution),
            instalments_per_round,
            interval,
            utc_offset_s: 3600,
            grace_s: grace * 86_400,
            vote_period_s: if all { 86_400 } else { 10 * 86_400 },
            ..options
        },
    )
}

pub fn story(acts: usize) -> impl Strategy<Value = Story> {
    let beginning = prop_oneof![3 => Just(0_u8), 1 => Just(1_u8), 4 => Just(2_u8)];
    let acts = proptest::collection::vec(act(), 1..=acts);
    (rules(), any::<bool>(), beginning, 0..12_u8, acts).prop_map(
        |(rules, organiser_joins, beginning, odd, acts)| Story {
            rules,
            organiser_joins,
            beginning,
            odd,
            acts,
        },
    )
}
