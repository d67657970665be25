//! What is drawn: commands by what they aim at, such as "the right version" or "a hold", which stay
//! commands when those before them are taken out of a failing history.
use proptest::prelude::*;
use proptest::sample::Index;

/// How many of each there are.
pub const TENANTS: usize = 2;
pub const AGGREGATES: usize = 4;
pub const NAMES: usize = 5;
/// Accounts, by their numbers in [`super::send::accounts`].
const WALLETS: usize = 3;
const OUTSIDE: usize = 3;
const OTHER_ASSET: [usize; 2] = [4, 5];
const HOARD: [usize; 2] = [6, 7];
/// Work items.
const WORKS: usize = 40;

/// Moments, in seconds after the first: leases end among them.
const LAST_S: u64 = 80;

/// A step of a history.
#[derive(Clone, Debug)]
pub enum Transition {
    /// Sent at once through one of the stores.
    Commit {
        through: usize,
        group: Vec<Drawn>,
    },
    Claim {
        through: usize,
        both_queues: bool,
        now_s: u64,
        lease_s: u64,
        limit: usize,
    },
    Renew {
        through: usize,
        lease: Index,
        now_s: u64,
        lease_s: u64,
    },
    Release {
        through: usize,
        lease: Index,
        retry_at_s: Option<u64>,
    },
    /// Every store is closed and opened again.
    Reopen,
}

/// A change set to be.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub tenant: usize,
    pub key: Key,
    pub recorded_s: u64,
    /// Which of the last leases.
    pub consumes: Option<Index>,
    pub writes: Vec<(usize, Version)>,
    /// A name and who claims it, or that it is let go.
    pub names: Vec<(usize, Option<usize>)>,
    pub events: Vec<usize>,
    pub entries: Vec<Entry>,
    pub ends: Vec<(Index, End)>,
    pub guards: Vec<(usize, i64)>,
    pub work: Vec<Work>,
    pub cancel: Option<usize>,
}

#[derive(Clone, Debug)]
pub enum Key {
    New,
    /// One that was sent before, with the same command or with another.
    Again(Index),
    Reused(Index),
}

/// The version a state is decided on.
#[derive(Clone, Copy, Debug)]
pub enum Version {
    Right,
    Behind,
    Ahead,
}

#[derive(Clone, Debug)]
pub struct Entry {
    /// The id of an earlier one.
    pub twice: bool,
    pub held: bool,
    pub effective_s: u64,
    pub form: Form,
}

/// The lines of an entry: accounts by number, amounts.
#[derive(Clone, Debug)]
pub enum Form {
    Move {
        from: usize,
        to: usize,
        amount: i64,
    },
    /// Three lines, two of which may be on one account.
    Split {
        from: usize,
        to: [usize; 2],
        amounts: [i64; 2],
    },
    /// Something in each of two assets.
    Exchange {
        wallet: usize,
        amount: i64,
    },
    /// As much as an amount can be: the second one leaves the range. Nothing else is with it: the port
    /// does not say whether that is found before other faults.
    Hoard,
    Wrong(Fault),
}

#[derive(Clone, Copy, Debug)]
pub enum Fault {
    OneLine,
    Nothing,
    OutOfBalance,
    OtherSide,
    BornEnded,
}

/// How a hold ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Settle,
    Void,
    Expire,
    /// So many quarters of each line, or one line too few.
    Quarters(i64),
    TooFewLines,
    /// Not a hold: an entry nobody wrote.
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Work {
    pub number: usize,
    pub outbound: bool,
    pub lane: Option<usize>,
    pub due_s: u64,
}

pub fn transition() -> BoxedStrategy<Transition> {
    let through = 0..2_usize;
    let commit = (through.clone(), prop::collection::vec(drawn(), 1..8))
        .prop_map(|(through, group)| Transition::Commit { through, group });
    let claim = (through.clone(), any::<bool>(), 0..LAST_S, 1..20_u64, 1..4_usize).prop_map(
        |(through, both_queues, now_s, lease_s, limit)| Transition::Claim {
            through,
            both_queues,
            now_s,
            lease_s,
            limit,
        },
    );
    let renew = (through.clone(), any::<Index>(), 0..LAST_S, 1..20_u64).prop_map(
        |(through, lease, now_s, lease_s)| Transition::Renew { through, lease, now_s, lease_s },
    );
    let release = (through, any::<Index>(), prop::option::of(0..LAST_S)).prop_map(
        |(through, lease, retry_at_s)| Transition::Release { through, lease, retry_at_s },
    );
    prop_oneof![
        12 => commit,
        4 => claim,
        1 => renew,
        2 => release,
        1 => Just(Transition::Reopen),
    ]
    .boxed()
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let key = prop_oneof![
        14 => Just(Key::New),
        2 => any::<Index>().prop_map(Key::Again),
        1 => any::<Index>().prop_map(Key::Reused),
    ];
    let version = prop_oneof![
        12 => Just(Version::Right),
        1 => Just(Version::Behind),
        1 => Just(Version::Ahead),
    ];
    let head = (0..TENANTS, key, 0..LAST_S, prop::option::weighted(0.25, any::<Index>()));
    let states = (
        prop::collection::vec((0..AGGREGATES, version), 0..3),
        prop::collection::vec((0..NAMES, prop::option::of(0..AGGREGATES)), 0..2),
        prop::collection::vec(0..AGGREGATES, 0..3),
    );
    let books = (
        prop::collection::vec(entry(), 0..3),
        prop::collection::vec((any::<Index>(), end()), 0..2),
        prop::collection::vec((0..WALLETS, prop_oneof![3 => Just(0), 1 => -9..5_i64]), 0..2),
    );
    let hoard = Entry { twice: false, held: false, effective_s: 0, form: Form::Hoard };
    let books = prop_oneof![24 => books, 1 => Just((vec![hoard], vec![], vec![]))];
    let queue = (prop::collection::vec(work(), 0..2), prop::option::weighted(0.1, 0..WORKS));
    (head, states, books, queue).prop_map(
        |((tenant, key, recorded_s, consumes), (writes, names, events), books, (work, cancel))| {
            let (entries, ends, guards) = books;
            Drawn {
                tenant,
                key,
                recorded_s,
                consumes,
                writes,
                names,
                events,
                entries,
                ends,
                guards,
                work,
                cancel,
            }
        },
    )
}

fn entry() -> impl Strategy<Value = Entry> {
    let twice = prop::bool::weighted(0.05);
    (twice, any::<bool>(), 0..LAST_S, form()).prop_map(|(twice, held, effective_s, form)| Entry {
        twice,
        held,
        effective_s,
        form,
    })
}

fn form() -> impl Strategy<Value = Form> {
    let wallet = || 0..WALLETS;
    // Mostly in, so that there is something to take out.
    let ends = prop_oneof![
        4 => wallet().prop_map(|to| (OUTSIDE, to)),
        2 => wallet().prop_map(|from| (from, OUTSIDE)),
        2 => (wallet(), wallet()),
    ];
    let moved = (ends, 1..9_i64).prop_map(|((from, to), amount)| Form::Move { from, to, amount });
    let split = (0..=OUTSIDE, [wallet(), wallet()], [1..5_i64, 1..5_i64])
        .prop_map(|(from, to, amounts)| Form::Split { from, to, amounts });
    let exchange =
        (wallet(), 1..9_i64).prop_map(|(wallet, amount)| Form::Exchange { wallet, amount });
    let fault = prop_oneof![
        Just(Fault::OneLine),
        Just(Fault::Nothing),
        Just(Fault::OutOfBalance),
        Just(Fault::OtherSide),
        Just(Fault::BornEnded),
    ];
    prop_oneof![
        16 => moved,
        4 => split,
        2 => exchange,
        2 => fault.prop_map(Form::Wrong),
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        6 => Just(End::Settle),
        3 => Just(End::Void),
        3 => Just(End::Expire),
        6 => (0..=5_i64).prop_map(End::Quarters),
        1 => Just(End::TooFewLines),
        1 => Just(End::Unknown),
    ]
}

fn work() -> impl Strategy<Value = Work> {
    (0..WORKS, any::<bool>(), prop::option::of(0..3_usize), 0..LAST_S)
        .prop_map(|(number, outbound, lane, due_s)| Work { number, outbound, lane, due_s })
}

/// Credited and debited accounts with amounts, as a fault leaves them.
pub fn lines(form: &Form) -> Vec<(usize, bool, i64)> {
    let line =
        |(from, to, amount): (usize, usize, i64)| vec![(from, true, amount), (to, false, amount)];
    match form {
        Form::Move { from, to, amount } => line((*from, *to, *amount)),
        Form::Split { from, to: [one, two], amounts: [a, b] } => {
            vec![(*from, true, a + b), (*one, false, *a), (*two, false, *b)]
        }
        Form::Exchange { wallet, amount } => {
            [line((*wallet, OUTSIDE, *amount)), line((OTHER_ASSET[1], OTHER_ASSET[0], 2 * amount))]
                .concat()
        }
        Form::Hoard => line((HOARD[1], HOARD[0], i64::MAX)),
        Form::Wrong(Fault::OneLine) => vec![(0, false, 1)],
        Form::Wrong(Fault::Nothing) => line((OUTSIDE, 0, 0)),
        Form::Wrong(Fault::OutOfBalance) => vec![(OUTSIDE, true, 2), (0, false, 1)],
        Form::Wrong(Fault::OtherSide | Fault::BornEnded) => line((OUTSIDE, 0, 1)),
    }
}
