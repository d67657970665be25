//! What ends without anybody's wish: votes that fall with a seat, a circle with more debts than it keeps.
use futures::executor::block_on;
use kolo_rules::circle::{MAX_DEBTS, Motion, Phase, Security, Shortfall, Step};
use kolo_rules::{Amount, Refusal};

use super::lives::{Life, UNIT};
use super::offers::Play;
use super::{DAY_S, EACH, World, asset};
use crate::notice::Notice;
use crate::port::chain::{ChainEffect, Fate, Refused};
use crate::view::{Options, VoteOn};
use crate::{CommandContext, Settings};

/// Bola has sold to Dayo: what was asked about her seat is no question any more, and what she had voted for
/// lacks her yes.
#[test]
fn votes_that_fall_with_a_sold_seat_are_told() {
    let votes = |motion, subject, by: u8, no: Option<u8>| {
        let play = Play::new(Security::None);
        play.life.step(&Step::Propose { seat: by, motion, subject }).unwrap();
        if let Some(seat) = no {
            let vote = Step::Vote { seat, proposal: 1, approve: false };
            play.life.step(&vote).unwrap();
        }
        // The sale is proposal 2.
        let at = |who: usize| play.life.members[who].address.clone();
        play.life.world.chain.contract(&play.life.address, |there| there.newcomer(at(3)));
        let sale = Step::Propose { seat: 1, motion: Motion::Replace, subject: 1 };
        play.life.step(&sale).unwrap();
        play.life.step(&Step::Vote { seat: 0, proposal: 2, approve: true }).unwrap();
        let told = play.life.told_of(&Step::Replace { seat: 1 });
        let mut heard: Vec<_> = told
            .into_iter()
            .filter_map(|told| match told.notice {
                Notice::ProposalRejected { on, about, .. } => Some((told.to, on, about)),
                _ => None,
            })
            .collect();
        heard.sort_unstable_by_key(|(to, ..)| *to);
        let mut sitting = [0, 2, 3].map(|who| play.life.members[who].id);
        sitting.sort_unstable();
        assert_eq!(heard.iter().map(|(to, ..)| *to).collect::<Vec<_>>(), sitting);
        let (_, on, about) = heard.pop().unwrap();
        (on, about)
    };
    assert_eq!(votes(Motion::Expel, 1, 2, None), (VoteOn::Expel, "Bola".to_owned()));
    assert_eq!(votes(Motion::Expel, 2, 1, Some(0)), (VoteOn::Expel, "Chidi".to_owned()));
    assert_eq!(votes(Motion::Dissolve, 0, 1, Some(0)), (VoteOn::Dissolve, String::new()));
}

/// Thirty of 32 pay other parts of each of twelve rounds: 360 debts, of which what the next payout may
/// divide into has no room. It pays nothing, and the circle is settled.
#[test]
fn more_debts_than_are_kept_apart_close_a_circle_and_say_so() {
    let names: Vec<String> = (0..32).map(|who| format!("Member {who}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = World::with(Settings { seats: (2, 64), ..Settings::default() });
    let options = Options { partial: true, ..Options::default() };
    let life = Life::forming_in(world, &names, 32, Shortfall::ShortPot, options);
    for member in &life.members[1..] {
        life.chain(|contract, now| contract.join(&member.address, now)).unwrap();
    }
    for round in 1..=13_u8 {
        let short = if round <= 12 { 30 } else { 0 };
        pay(&life, round, short);
        if round <= 12 {
            // The payout waits for the grace of a day to be over.
            life.pass(if round == 1 { 8 * DAY_S + 600 } else { 7 * DAY_S });
            assert_eq!(life.state(|state| state.rounds_paid), round);
        }
    }
    assert_eq!(life.state(|state| state.debts().len()), 360);
    assert!(life.state(|state| state.debts().len()) < MAX_DEBTS);
    let rules = life.world.chain.contract(&life.address, |there| there.rules);
    let date = life.state(|state| state.payout_date(&rules, 13)).unwrap();
    life.world.clock.set(crate::Timestamp::from_unix(date + DAY_S + 1));
    let told = life.told_of(&Step::Payout { round: 13 });
    assert_eq!(life.phase(), Phase::Dissolved);
    let heard: Vec<_> = told
        .into_iter()
        .filter_map(|told| match told.notice {
            Notice::Dissolved { refund, by_debts: true, .. } => Some((told.to, refund)),
            _ => None,
        })
        .collect();
    assert_eq!(heard.len(), 32, "everybody is told why");
    // The pot that was not paid out goes back to those who have not had theirs; all of it arrives.
    let refunds: i64 = heard.iter().map(|(_, refund)| refund).sum();
    assert_eq!(refunds, 32 * EACH.minor_units());
    life.pass(2 * DAY_S);
    assert_eq!(life.state(|state| state.liabilities().unwrap()), Amount::ZERO);
    let all: i64 = (0..32).map(|who| life.balance(who)).sum();
    assert_eq!(all, 32 * 100 * UNIT);
}

/// All pay the round, the last `short` of those who are not its recipient a part of it, another one in each
/// round.
fn pay(life: &Life, round: u8, short: usize) {
    let others = (0..32_u8).rev().filter(|seat| seat + 1 != round);
    let part = UNIT / 10 * (8 + i64::from(round % 2));
    let parts = others.enumerate().map(|(place, seat)| (seat, place < short));
    let at = life.world.now();
    for (seat, is_short) in parts.chain([(round - 1, false)]) {
        let amount = Amount::new(if is_short { part } else { UNIT });
        let step = Step::Contribute { seat, round, amount };
        let paid: Result<(), Refusal> =
            life.world
                .chain
                .call(at, &life.address, &asset(), |there| there.step(&step, at.unix()));
        paid.unwrap();
    }
    life.settle();
}

fn pays_in(effect: &ChainEffect) -> bool {
    matches!(effect, ChainEffect::Contribute { .. })
}

/// Prepared while it asked for little of the ledger, applied when it needed more: that says nothing about Bola,
/// so it is built anew, a few times. Another failure is the end of it.
#[test]
fn what_failed_for_having_been_built_too_early_is_built_anew() {
    for (outdated, attempts) in [(true, 6), (false, 1)] {
        let play = Play::new(Security::None);
        let (world, bola) = (&play.life.world, play.life.members[1].id);
        let refused = Refused { contract_code: None, reason: "trapped".to_owned() };
        world.chain.fate(Some(Fate::Failed { refused, outdated, fee: 7 }));
        let contributions = || world.chain.count(pays_in);
        let before = contributions();
        let contribute = |key: &str| {
            let ctx = CommandContext::of_member(bola, key);
            block_on(world.kolo.circles().contribute(&ctx, play.life.circle, 1, EACH)).unwrap();
            world.work();
            contributions() - before
        };
        assert_eq!(contribute("first"), attempts, "outdated: {outdated}");
        // Nothing was taken, and nothing is held: she pays once the network lets her.
        world.chain.fate(None);
        assert_eq!(contribute("second"), attempts + 1);
    }
}
