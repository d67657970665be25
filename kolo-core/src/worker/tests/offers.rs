//! What takes the consent of two: whole lives of offers, and all the ways in which nothing comes of one.
use std::cell::Cell;

use futures::executor::block_on;
use kolo_rules::circle::{Order, Security, Shortfall, Step};
use kolo_rules::{Amount, Refusal};

use super::chain::Answer;
use super::contract::{Contract, Done};
use super::lives::{Life, UNIT};
use super::permission::under_a_host;
use super::receipts::notices;
use super::{DAY_S, EACH, asset};
use crate::circle::{Question, UnderWay};
use crate::offer::{OfferEnd, OfferStage, OfferView, Offers, SwapTerms};
use crate::port::chain::{ChainEffect, ChainEventBody};
use crate::view::Options;
use crate::{Cap, CommandContext, Error, OfferId};

/// Ada, Bola and Chidi in a circle by order of joining, with Dayo outside; all rich.
pub(super) struct Play {
    pub life: Life,
    keys: Cell<u32>,
}

const NAMES: [&str; 4] = ["Ada", "Bola", "Chidi", "Dayo"];

impl Play {
    pub fn new(security: Security) -> Self {
        let options = Options { security, ..Options::default() };
        let life = Life::forming(&NAMES, 3, Shortfall::ShortPot, options);
        for member in &life.members[1..3] {
            life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
        }
        let play = Self { life, keys: Cell::new(0) };
        for who in 0..3 {
            play.secures(who);
        }
        play
    }

    fn secures(&self, who: usize) {
        let (circle, member) = (self.life.circle, self.life.members[who].id);
        let due = block_on(self.life.world.kolo.circles().entry_due(member, circle)).unwrap();
        if due.amount.is_positive() {
            self.life.asks(who, "secure", async |circles, ctx| {
                circles.secure(ctx, circle, due.amount).await.map(drop)
            });
        }
    }

    /// A command under a key of its own.
    pub fn ctx(&self, who: usize) -> CommandContext {
        self.keys.set(self.keys.get() + 1);
        let key = format!("offer/{}", self.keys.get());
        CommandContext::of_member(self.life.members[who].id, key)
    }

    pub fn offers(&self) -> Offers {
        self.life.world.kolo.offers()
    }

    fn swap_terms(&self, from: usize, with: usize) -> Result<SwapTerms, Error> {
        let [from, with] = [from, with].map(|who| self.life.members[who].id);
        block_on(self.offers().swap_terms(from, self.life.circle, with))
    }

    pub fn swap(&self, from: usize, with: usize) -> Result<OfferView, Error> {
        let terms = self.swap_terms(from, with)?;
        let with = self.life.members[with].id;
        let made = block_on(self.offers().swap(&self.ctx(from), self.life.circle, with, terms));
        self.life.settle();
        made
    }

    pub fn accept(&self, who: usize, offer: &OfferView) -> Result<UnderWay, Error> {
        let hash = offer.circle.rules_hash;
        let done = block_on(self.offers().accept(&self.ctx(who), offer.id, Some(hash)));
        self.life.settle();
        self.wallets_agree();
        done
    }

    pub fn stage(&self, offer: OfferId) -> OfferStage {
        let ada = self.life.members[0].id;
        let of = |who| block_on(self.offers().get(who, offer)).map(|view| view.stage);
        of(ada).or_else(|_| of(self.life.members[1].id)).unwrap()
    }

    pub fn turns(&self) -> [u8; 3] {
        self.life.state(|state| [0, 1, 2].map(|seat| state.seat(seat).unwrap().turn))
    }

    /// The books say of each wallet what the chain says, and nothing is held.
    pub fn wallets_agree(&self) {
        for (who, member) in self.life.members.iter().enumerate() {
            let (settled, available) = super::purse(&self.life.world, member);
            let there = Amount::new(self.life.balance(who));
            assert_eq!((settled, available), (there, there), "{}", member.name);
        }
    }

    /// The members have voted that Dayo may take the seat.
    fn voted_in(&self, leaver: usize) {
        let at = |who: usize| self.life.members[who].address.clone();
        let question = Question::Replace { leaver: at(leaver), newcomer: at(3) };
        let circle = self.life.circle;
        self.life.asks(0, "propose", async |circles, ctx| {
            circles.propose(ctx, circle, question).await.map(drop)
        });
        self.life.asks(1, "vote", async |circles, ctx| {
            circles.vote(ctx, circle, 1, true).await.map(drop)
        });
    }

    fn price(&self, leaver: usize) -> Result<Amount, Error> {
        let [leaver, dayo] = [leaver, 3].map(|who| self.life.members[who].id);
        block_on(self.offers().price(leaver, self.life.circle, dayo))
    }

    fn seat(&self, leaver: usize, price: Amount) -> Result<OfferView, Error> {
        let dayo = self.life.members[3].id;
        let made = block_on(self.offers().seat(&self.ctx(leaver), self.life.circle, dayo, price));
        self.life.settle();
        made
    }

    fn open(&self, who: usize) -> Vec<OfferId> {
        let of = block_on(self.offers().of(self.life.members[who].id)).unwrap();
        of.into_iter().map(|offer| offer.id).collect()
    }

    pub fn wanted(&self) -> usize {
        self.life.world.chain.count(takes)
    }
}

fn takes(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Swap { .. } | ChainEffect::Replace { .. })
}

/// Deposits of 2, 1 and 0 instalments: who gets the first turn for the last pays two to the other.
#[test]
fn two_change_turns_and_the_deposits_go_with_them() {
    let play = Play::new(Security::Exposure);
    assert_eq!([0, 2].map(|who| play.life.balance(who)), [98 * UNIT, 100 * UNIT]);
    let offer = play.swap(0, 2).unwrap();
    assert_eq!((offer.mine, offer.pays), (true, Amount::new(-2 * UNIT)));
    assert_eq!((play.open(0), play.open(2)), (vec![offer.id], vec![offer.id]));
    assert_eq!(play.wanted(), 0, "one consent is none");
    play.accept(2, &offer).unwrap();
    assert_eq!(play.turns(), [3, 2, 1]);
    assert_eq!([0, 2].map(|who| play.life.balance(who)), [100 * UNIT, 98 * UNIT]);
    assert_eq!(play.stage(offer.id), OfferStage::Done);
    assert_eq!((play.open(0), play.open(2)), (vec![], vec![]));
    // Both turns were a part of what was signed.
    let swaps: Vec<_> = play.life.world.chain.done().into_iter().filter(takes).collect();
    let [ChainEffect::Swap { maker_turn: 1, taker_turn: 3, deposit, .. }] = swaps.as_slice() else {
        panic!("{swaps:?}");
    };
    assert_eq!(*deposit, Amount::new(2 * UNIT));
}

/// Bola has paid 1 instalment and a deposit of 3 more: Dayo buys both, to the stroop.
#[test]
fn a_newcomer_buys_a_seat_for_its_net_claim_and_its_deposit() {
    let play = Play::new(Security::Fixed(Amount::new(3 * UNIT)));
    play.life.contributes(1, 1);
    assert!(matches!(play.price(1), Err(Error::Refused(Refusal::NoProposal))), "no vote, no sale");
    play.voted_in(1);
    let price = play.price(1).unwrap();
    assert_eq!(price, Amount::new(4 * UNIT));
    let wrong = play.seat(1, Amount::new(4 * UNIT - 1));
    assert!(matches!(wrong, Err(Error::Refused(Refusal::WrongAmount))), "{wrong:?}");
    let offer = play.seat(1, price).unwrap();
    assert_eq!(play.open(3), [offer.id]);
    let unread = block_on(play.offers().accept(&play.ctx(3), offer.id, None));
    assert!(matches!(unread, Err(Error::RulesNotAccepted)), "{unread:?}");
    play.accept(3, &offer).unwrap();
    assert_eq!([1, 3].map(|who| play.life.balance(who)), [100 * UNIT, 96 * UNIT]);
    let seats = block_on(play.life.world.kolo.circles().status(play.life.circle)).unwrap().seats;
    assert_eq!(seats[1].member, Some(play.life.members[3].id));
    assert_eq!(play.stage(offer.id), OfferStage::Done);
    // From now on it is Dayo who pays, and who is paid.
    play.life.contributes(0, 1);
    play.life.contributes(2, 1);
    play.life.pass(8 * DAY_S);
    play.life.contributes(3, 2);
    assert_eq!(play.life.balance(3), 95 * UNIT);
}

/// What Bola paid in was a member's payment and stays one, however late and often it is read.
#[test]
fn what_was_paid_for_a_seat_is_no_gift_after_the_seat_was_sold() {
    let play = Play::new(Security::Fixed(Amount::new(3 * UNIT)));
    play.life.contributes(1, 1);
    play.voted_in(1);
    let offer = play.seat(1, play.price(1).unwrap()).unwrap();
    play.accept(3, &offer).unwrap();
    let (world, members) = (&play.life.world, &play.life.members);
    world.chain.tell_again();
    while block_on(world.kolo.follow()).unwrap() {}
    play.wallets_agree();
    let told = notices(&world.kolo);
    assert!(told.is_empty(), "nobody hears anything twice: {told:?}");

    // What she sends there from now on is a gift like anybody's: it leaves her wallet in the books, too.
    let bola = members[1].address.clone();
    let gift = |there: &mut Contract| {
        there.gift(EACH);
        let moved = vec![(bola, there.address.clone(), EACH)];
        Ok(Done { moved, ..Done::default() })
    };
    world.chain.call(world.now(), &play.life.address, &asset(), gift).unwrap();
    world.work();
    play.wallets_agree();
}

/// Bola is late when the vote has passed: that is said about Dayo, and about nobody they have not agreed to.
#[test]
fn how_a_sale_stands_is_told_of_its_newcomer_alone() {
    let play = Play::new(Security::None);
    let zuri = play.life.world.member("Zuri");
    play.life.pass(6 * DAY_S);
    play.voted_in(1);
    play.life.pass(3 * DAY_S);
    let late = play.price(1);
    assert!(matches!(late, Err(Error::Refused(Refusal::InArrears))), "{late:?}");
    let bola = play.life.members[1].id;
    let other = block_on(play.offers().price(bola, play.life.circle, zuri.id));
    assert!(matches!(other, Err(Error::Refused(Refusal::NoProposal))), "{other:?}");
}

#[test]
fn an_offer_is_answered_once() {
    let play = Play::new(Security::Exposure);
    let offer = play.swap(0, 2).unwrap();
    // Not by who made it, nor by somebody else.
    for (who, expected) in [(0, "auth.not_allowed"), (1, "offer.unknown")] {
        assert_eq!(play.accept(who, &offer).unwrap_err().code(), expected);
    }
    // Another one beside it could not come about as well.
    assert!(matches!(play.swap(0, 1), Err(Error::UnderWay)));
    let ctx = play.ctx(2);
    let first = block_on(play.offers().accept(&ctx, offer.id, None)).unwrap();
    // The very same again is the same; another word of the same person is too late.
    assert_eq!(block_on(play.offers().accept(&ctx, offer.id, None)).unwrap(), first);
    let again = block_on(play.offers().accept(&play.ctx(2), offer.id, None));
    assert!(matches!(again, Err(Error::UnderWay)), "{again:?}");
    let withdrawn = block_on(play.offers().withdraw(&play.ctx(0), offer.id));
    assert!(matches!(withdrawn, Err(Error::UnderWay)), "{withdrawn:?}");
    play.life.settle();
    assert_eq!(block_on(play.offers().accept(&ctx, offer.id, None)).unwrap(), first);
    let late = play.accept(2, &offer);
    assert!(matches!(late, Err(Error::OfferClosed)), "{late:?}");
    assert_eq!((play.wanted(), play.turns()), (1, [3, 2, 1]));
    let reused = block_on(play.offers().decline(&ctx, offer.id));
    assert!(matches!(reused, Err(Error::KeyReused)), "{reused:?}");
}

type End<'a> = &'a dyn Fn(&OfferView);

#[test]
fn nothing_comes_of_what_is_declined_taken_back_or_forgotten() {
    let play = Play::new(Security::None);
    let ends: [(End<'_>, OfferEnd); 3] = [
        (
            &|offer| {
                let not_his = block_on(play.offers().decline(&play.ctx(0), offer.id));
                assert!(matches!(not_his, Err(Error::NotAllowed)), "{not_his:?}");
                block_on(play.offers().decline(&play.ctx(2), offer.id)).unwrap();
            },
            OfferEnd::Declined,
        ),
        (
            &|offer| {
                let not_his = block_on(play.offers().withdraw(&play.ctx(2), offer.id));
                assert!(matches!(not_his, Err(Error::NotAllowed)), "{not_his:?}");
                block_on(play.offers().withdraw(&play.ctx(0), offer.id)).unwrap();
            },
            OfferEnd::Withdrawn,
        ),
        (&|_| play.life.pass(3 * DAY_S + 20), OfferEnd::Expired),
    ];
    for (end, why) in ends {
        let offer = play.swap(0, 2).unwrap();
        end(&offer);
        assert_eq!(play.stage(offer.id), OfferStage::Ended(why));
        assert_eq!((play.open(0), play.open(2)), (vec![], vec![]));
        let late = play.accept(2, &offer);
        assert!(matches!(late, Err(Error::OfferClosed)), "{why:?}: {late:?}");
    }
    assert_eq!((play.wanted(), play.turns()), (0, [1, 2, 3]));
}

/// The last second counts; the one after it does not, also before the timer has come.
#[test]
fn an_offer_is_open_for_three_days() {
    for (late, code) in [(0, None), (1, Some("offer.closed"))] {
        let play = Play::new(Security::None);
        let offer = play.swap(0, 2).unwrap();
        play.life.world.clock.set(offer.expires_at.plus(late));
        let accepted = block_on(play.offers().accept(&play.ctx(2), offer.id, None));
        assert_eq!(accepted.err().map(|error| error.code()), code);
    }
}

/// Ada offers Chidi her first turn; meanwhile Bola and Chidi change theirs without us.
#[test]
fn an_offer_is_void_when_a_turn_has_changed() {
    let play = Play::new(Security::None);
    let offer = play.swap(0, 2).unwrap();
    play.life.step(&Step::Swap { a: 1, b: 2 }).unwrap();
    assert_eq!(play.stage(offer.id), OfferStage::Ended(OfferEnd::Void));
    let late = play.accept(2, &offer);
    assert!(matches!(late, Err(Error::OfferClosed)), "{late:?}");
    assert_eq!(play.turns(), [1, 3, 2]);
    // A new one is about the turns as they are.
    let offer = play.swap(0, 2).unwrap();
    play.accept(2, &offer).unwrap();
    assert_eq!(play.turns(), [2, 3, 1]);
}

/// Each instalment makes a seat dearer: what the newcomer was shown is no longer its price.
#[test]
fn an_offer_is_void_when_the_price_has_changed() {
    let play = Play::new(Security::None);
    play.voted_in(1);
    let offer = play.seat(1, Amount::ZERO).unwrap();
    play.life.contributes(0, 1);
    assert_eq!(play.stage(offer.id), OfferStage::Open, "what others pay changes nothing");
    play.life.contributes(1, 1);
    assert_eq!(play.stage(offer.id), OfferStage::Ended(OfferEnd::Void));
    assert!(matches!(play.accept(3, &offer), Err(Error::OfferClosed)));
    assert_eq!((play.wanted(), play.price(1).unwrap()), (0, EACH));
}

/// Who has to pay must be able to; how much the other has, nobody is told.
#[test]
fn who_cannot_pay_buys_nothing() {
    let spend = |play: &Play, who: usize, left: i64| {
        let gone = Amount::new(play.life.balance(who) - left);
        let (from, to) = (play.life.members[who].address.clone(), None);
        let (at, nothing) = (play.life.world.now(), Amount::ZERO.checked_sub(gone).unwrap());
        play.life.world.chain.fund(at, &from, &asset(), nothing);
        let from = Some(from);
        let body = ChainEventBody::Transfer { asset: asset(), from, to, amount: gone };
        play.life.world.chain.emit(at, body);
        play.life.settle();
        play.wallets_agree();
    };
    let play = Play::new(Security::Exposure);
    // Chidi would pay two.
    spend(&play, 2, 2 * UNIT - 1);
    let offer = play.swap(0, 2).unwrap();
    let short = play.accept(2, &offer);
    let one = Amount::new(1);
    assert!(
        matches!(short, Err(Error::InsufficientFunds { missing, .. }) if missing == one),
        "{short:?}"
    );
    block_on(play.offers().decline(&play.ctx(2), offer.id)).unwrap();
    // Now he offers, and Ada would take his money.
    let offer = play.swap(2, 0).unwrap();
    let short = play.accept(0, &offer);
    assert!(matches!(short, Err(Error::OtherCannotPay)), "{short:?}");
    assert_eq!((play.wanted(), play.turns()), (0, [1, 2, 3]));
    assert_eq!(play.stage(offer.id), OfferStage::Open, "he may add money yet");
}

/// Whatever the chain refuses, the money held for it is free again, and another offer can be made.
#[test]
fn what_the_chain_refuses_has_not_happened() {
    for answer in [Answer::Refuse(Some(21)), Answer::Impossible] {
        let play = Play::new(Security::Exposure);
        let offer = play.swap(0, 2).unwrap();
        play.life.world.chain.answer(takes, Some(answer));
        block_on(play.offers().accept(&play.ctx(2), offer.id, None)).unwrap();
        play.life.pass(3_600);
        assert_eq!(play.stage(offer.id), OfferStage::Ended(OfferEnd::Failed));
        play.wallets_agree();
        play.life.world.chain.answer(takes, None);
        let offer = play.swap(0, 2).unwrap();
        play.accept(2, &offer).unwrap();
        assert_eq!(play.turns(), [3, 2, 1]);
    }
}

/// What was paid as a member is proven for ever, also when the seat is somebody else's.
#[test]
fn receipts_stay_with_whose_they_are() {
    let play = Play::new(Security::None);
    play.life.contributes(1, 1);
    let receipts = play.life.world.kolo.receipts();
    let all = block_on(receipts.of_circle(play.life.circle, None, 10)).unwrap();
    let [receipt] = all.as_slice() else { panic!("{all:?}") };
    let read = |who: usize| {
        let reader = play.life.members[who].id;
        block_on(receipts.of_member(reader, &receipt.number.to_string()))
    };
    play.voted_in(1);
    let offer = play.seat(1, EACH).unwrap();
    assert!(matches!(read(3), Err(Error::NoSuchReceipt)), "not in it yet");
    play.accept(3, &offer).unwrap();
    assert_eq!(read(1).unwrap().party_name, "Bola");
    assert_eq!(read(0).unwrap().signed, *receipt);
    assert!(read(3).is_ok(), "of the circle Dayo is in now");
    // Whoever leaves has their own, and nobody else's.
    play.life.contributes(0, 1);
    let all = block_on(receipts.of_circle(play.life.circle, None, 10)).unwrap();
    let others = all.iter().find(|other| *other != receipt).unwrap().number.to_string();
    let bola = play.life.members[1].id;
    let refused = block_on(receipts.of_member(bola, &others));
    assert!(matches!(refused, Err(Error::NoSuchReceipt)), "{refused:?}");
}

/// Chidi is asked "turn 1 instead of 3, you pay 20"; before the YES Bola has changed turns with one of
/// the two.
#[test]
fn nothing_is_offered_that_its_maker_has_not_agreed_to() {
    let play = Play::new(Security::Exposure);
    let (chidi, ada) = (play.life.members[2].id, play.life.members[0].id);
    let shown = play.swap_terms(2, 0).unwrap();
    assert_eq!(shown, SwapTerms { now: 3, turn: 1, pays: Amount::new(2 * UNIT) });
    let swap = |terms| block_on(play.offers().swap(&play.ctx(2), play.life.circle, ada, terms));
    for pays in [0, 2 * UNIT - 1, -2 * UNIT] {
        let other = swap(SwapTerms { pays: Amount::new(pays), ..shown });
        assert!(matches!(other, Err(Error::Refused(Refusal::WrongAmount))), "{other:?}");
    }
    let ends = [SwapTerms { turn: 2, ..shown }, SwapTerms { now: 1, turn: 3, ..shown }];
    for other in ends {
        let other = swap(other);
        assert!(matches!(other, Err(Error::Refused(Refusal::OtherTurn))), "{other:?}");
    }
    let offer = play.swap(0, 1).unwrap();
    play.accept(1, &offer).unwrap();
    assert_eq!(play.turns(), [2, 1, 3]);
    let late = swap(shown);
    assert!(matches!(late, Err(Error::Refused(Refusal::OtherTurn))), "{late:?}");
    assert_eq!((play.open(2), play.open(0)), (vec![], vec![]));
    // What it comes to now can be offered, and the key names these very terms.
    let terms = play.swap_terms(2, 0).unwrap();
    assert_eq!(terms, SwapTerms { now: 3, turn: 2, pays: Amount::new(UNIT) });
    let ctx = CommandContext::of_member(chidi, "agreed");
    let swap = |terms| block_on(play.offers().swap(&ctx, play.life.circle, ada, terms));
    let made = swap(terms).unwrap();
    assert_eq!((made.pays, swap(terms).unwrap().id), (terms.pays, made.id));
    assert!(matches!(swap(shown), Err(Error::KeyReused)));
}

/// Each offer and its end tell the other something: nobody does so all day.
#[test]
fn five_offers_of_one_member_in_a_circle_are_the_most_of_a_day() {
    let play = Play::new(Security::None);
    let once = |from| {
        let offer = play.swap(from, 2)?;
        block_on(play.offers().withdraw(&play.ctx(from), offer.id))
    };
    for _ in 0..5 {
        once(0).unwrap();
    }
    let sixth = once(0);
    assert!(matches!(sixth, Err(Error::CapReached { cap: Cap::Offers, most: 5, .. })), "{sixth:?}");
    assert!(play.open(0).is_empty() && play.open(2).is_empty());
    once(1).unwrap();
    play.life.pass(DAY_S);
    once(0).unwrap();
}

/// A host's limit is on what a person pays: each of the two is asked about their own part.
#[test]
fn the_host_is_asked_about_what_each_of_the_two_pays() {
    let mut play = Play::new(Security::Exposure);
    let (world, host) = under_a_host(play.life.world);
    play.life.world = world;
    let asked = || host.asked().iter().map(|request| request.amount).collect::<Vec<_>>();
    let (nothing, twenty) = (Some(Amount::ZERO), Some(Amount::new(2 * UNIT)));
    // Chidi, who comes last, pays for the first turn, whoever offers it.
    let offer = play.swap(2, 0).unwrap();
    assert_eq!(asked(), [twenty]);
    play.accept(0, &offer).unwrap();
    assert_eq!(asked(), [nothing]);
    let offer = play.swap(2, 0).unwrap();
    assert_eq!(asked(), [nothing]);
    block_on(play.offers().withdraw(&play.ctx(2), offer.id)).unwrap();
    assert_eq!(asked(), [None], "a word moves no money");
    let offer = play.swap(2, 0).unwrap();
    asked();
    play.accept(0, &offer).unwrap();
    assert_eq!(asked(), [twenty]);
}

/// In an auction turns are bid for; who has had the pot has none to give.
#[test]
fn what_the_rules_do_not_allow_is_not_offered() {
    let options = Options { order: Order::Auction, ..Options::default() };
    let life = Life::full(&NAMES, Shortfall::ShortPot, options);
    let play = Play { life, keys: Cell::new(0) };
    assert!(matches!(play.swap(0, 1), Err(Error::Refused(Refusal::NoSwap))));
    let play = Play::new(Security::None);
    assert!(matches!(play.swap(0, 0), Err(Error::Refused(Refusal::SameSeat))));
    assert!(matches!(play.swap(0, 3), Err(Error::Refused(Refusal::NotMember))));
    assert!(matches!(play.swap(3, 0), Err(Error::NoSuchCircle)));
    for who in 0..3 {
        play.life.contributes(who, 1);
    }
    play.life.pass(8 * DAY_S);
    assert!(matches!(play.swap(0, 1), Err(Error::Refused(Refusal::AlreadyPaidOut))));
}
