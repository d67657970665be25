//! The circle's bytes.

use kolo_rules::circle::{MAX_ENCODED, Phase, RULES_LEN};
use kolo_rules::{Amount, Circle, Refusal};
use proptest::prelude::*;

use crate::support::{GRACE, START, WEEK, active, amount, pay, play_round, rules};

fn encode(circle: &Circle) -> Vec<u8> {
    let mut buf = vec![0; MAX_ENCODED];
    let length = circle.encode(&mut buf).unwrap();
    buf.truncate(length);
    buf
}

/// A golden sample: bytes that are on the chain must stay readable.
#[test]
fn the_bytes_of_version_1() {
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    pay(&mut circle, &rules, &[1], START + WEEK + GRACE + 1);
    circle.propose_dissolve(&rules, 2, START + WEEK).unwrap();
    circle.sync(amount(10 + 300)).unwrap();
    let expected = [
        // version, Active, started 1 800 000 000, one round paid, one proposal, reserve 300, len
        &[1, 1, 0x80, 0xa4, 0xa7, 0xda, 0x06, 1, 1, 0xac, 0x02, 3][..],
        // held: 10 for the one round after
        &[1, 10],
        // proposal: seat 2, nobody, until 1 800 864 000 = START + WEEK + VOTE
        &[1, 0b100, 0, 0x80, 0x82, 0xdc, 0xda, 0x06],
        // turn; paid and received; 10, 20; one run: 1 × 1
        &[1, 0b11, 10, 20, 1, 1, 1],
        // turn; paid; 20; one run: 2 × 1
        &[2, 0b1, 20, 1, 2, 1],
        // turn; debt and late; 10, 1; no run
        &[3, 0b1010_0000, 10, 1, 0],
    ]
    .concat();
    assert_eq!(encode(&circle), expected);
    assert_eq!(Circle::decode(&expected).unwrap(), circle);
}

#[test]
fn circles_are_small() {
    let rules3 = rules(3);
    assert_eq!(encode(&Circle::new()).len(), 9);
    let mut circle = active(&rules3);
    play_round(&mut circle, &rules3, 1, &[0, 1, 2]);
    assert!(encode(&circle).len() < 100, "{} bytes", encode(&circle).len());
    let mut rules = rules(64);
    // 10 USDC.
    rules.contribution = amount(100_000_000);
    let mut circle = active(&rules);
    let everybody: Vec<u8> = (0..64).collect();
    for round in 1..=32 {
        play_round(&mut circle, &rules, round, &everybody);
    }
    assert!(encode(&circle).len() < 1_024, "{} bytes", encode(&circle).len());
}

#[test]
fn the_largest_circle_fits_the_buffer() {
    let mut rules = rules(64);
    rules.instalments_per_round = 2;
    let mut circle = active(&rules);
    // Every other round half paid: the most runs there can be.
    for round in 1..=64_u8 {
        let opened = circle.deadline(&rules, u32::from(round) * 2 - 1).unwrap();
        for seat in 0..64 {
            if (seat + round) % 2 == 0 {
                let due = circle.due(&rules, seat, opened).unwrap();
                circle.contribute(&rules, seat, round, due.amount, opened).unwrap();
            }
        }
        if round < 64 {
            let at = circle.payout_date(&rules, round).unwrap() + GRACE + 1;
            let payout = circle.payout(&rules, round, at).unwrap();
            circle.credit(payout.seat, payout.amount).unwrap();
        }
    }
    circle.propose_dissolve(&rules, 63, u64::MAX / 2).unwrap();
    let bytes = encode(&circle);
    assert!(bytes.len() > 64 * 128 && bytes.len() < MAX_ENCODED, "{} bytes", bytes.len());
    assert_eq!(Circle::decode(&bytes).unwrap(), circle);
}

#[test]
fn a_short_buffer_is_refused() {
    let circle = active(&rules(3));
    let bytes = encode(&circle);
    for length in 0..bytes.len() {
        assert_eq!(circle.encode(&mut vec![0; length]), Err(Refusal::BadEncoding));
        assert_eq!(Circle::decode(&bytes[..length]), Err(Refusal::BadEncoding));
    }
    assert_eq!(circle.encode(&mut vec![0; bytes.len()]), Ok(bytes.len()));
    assert_eq!(Circle::decode(&[&bytes[..], &[0]].concat()), Err(Refusal::BadEncoding));
}

#[test]
fn states_no_step_leads_to_are_not_written() {
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    pay(&mut circle, &rules, &[0], START + WEEK);
    circle.propose_dissolve(&rules, 0, START).unwrap();
    let changes: [fn(&mut Circle); 11] = [
        |circle| circle.held[0] = amount(1),
        |circle| circle.held[3] = amount(1),
        |circle| circle.rounds_paid = 3,
        |circle| circle.reserve = amount(-1),
        |circle| circle.reserve = Amount::MAX,
        |circle| circle.held[1] = amount(-1),
        |circle| circle.held[2] = amount(1),
        |circle| circle.phase = Phase::Forming,
        |circle| circle.phase = Phase::Completed,
        |circle| circle.proposals = 2,
        |circle| circle.proposal.as_mut().unwrap().no = 0b1000,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert!(circle.encode(&mut vec![0; MAX_ENCODED]).is_ok());
        let mut circle = circle.clone();
        change(&mut circle);
        let refused = circle.encode(&mut vec![0; MAX_ENCODED]);
        assert_eq!(refused, Err(Refusal::BadEncoding), "change {number}");
    }
}

#[test]
fn bytes_with_a_second_spelling_are_refused() {
    // A forming circle of one: version, phase, started, rounds, proposals, reserve, len, held, no
    // proposal; turn, present, runs.
    let good = [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
    assert_eq!(Circle::decode(&good).map(|circle| circle.len()), Ok(1));
    let bad: [&[u8]; 9] = [
        // a newer version, an unknown phase
        &[2, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0],
        &[1, 5, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0],
        // a zero in two bytes
        &[1, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0],
        // held ends with a zero
        &[1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0],
        // a presence that is none
        &[1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0],
        // a run of zeros, an empty run, a run beyond the rounds
        &[1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0],
        &[1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1],
        &[1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 2, 1],
        // turn 0
        &[1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
    ];
    for bytes in bad {
        assert_eq!(Circle::decode(bytes), Err(Refusal::BadEncoding), "{bytes:?}");
    }
}

#[test]
fn bytes_of_an_active_circle_with_a_second_spelling_are_refused() {
    // Active, started at 9, none of two rounds paid out, one proposal: seat 0 for it, until 2^63.
    let until = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1];
    let good = |until: [u8; 10], turns: [u8; 2], votes: [u8; 2], runs: &[u8]| {
        // Seat 0 has paid 20 into two rounds.
        let head = [1, 1, 9, 0, 1, 0, 2, 2, 10, 10, 1, votes[0], votes[1]];
        let seats = [&[turns[0], 1, 20][..], runs, &[turns[1], 0, 0]].concat();
        Circle::decode(&[&head[..], &until, &seats].concat()).map(|circle| encode(&circle).len())
    };
    let run = [1, 2, 1];
    assert_eq!(good(until, [1, 2], [1, 0], &run), Ok(32));
    let bad = Err(Refusal::BadEncoding);
    // 2^64, which does not fit; the run in two; turns taken twice or beyond the last.
    let mut too_late = until;
    too_late[9] = 2;
    assert_eq!(good(too_late, [1, 2], [1, 0], &run), bad);
    assert_eq!(good(until, [1, 2], [1, 0], &[2, 1, 1, 1, 1]), bad);
    assert_eq!(good(until, [1, 1], [1, 0], &run), bad);
    assert_eq!(good(until, [1, 3], [1, 0], &run), bad);
    // A vote of nobody, and one for and against.
    assert_eq!(good(until, [1, 2], [0b101, 0], &run), bad);
    assert_eq!(good(until, [1, 2], [1, 1], &run), bad);
}

#[test]
fn money_in_a_phase_that_has_none_is_refused() {
    // One member, forming or cancelled: paid, received, credit, claimable, uncovered, debt, lost, late.
    let with = |phase, present| Circle::decode(&[1, phase, 0, 0, 0, 0, 1, 0, 0, 1, present, 5, 0]);
    for bit in 0..8 {
        let forming = with(0, 1 << bit);
        assert_eq!(forming, Err(Refusal::BadEncoding), "bit {bit}");
        // Cancelling shares a reserve as credits, which can be lost again.
        assert_eq!(with(4, 1 << bit).is_ok(), bit == 2 || bit == 6, "bit {bit}");
    }
    // Claims before dissolving: a completed circle of two, 5 claimable by the first.
    let completed = |present| {
        let seats = [1, present, 5, 0, 2, 0, 0];
        Circle::decode(&[&[1, 2, 9, 2, 0, 0, 2, 0, 0][..], &seats].concat())
    };
    assert!(completed(1 << 2).is_ok());
    assert_eq!(completed(1 << 3), Err(Refusal::BadEncoding));
    assert_eq!(completed(1 << 4), Err(Refusal::BadEncoding));
}

proptest! {
    #[test]
    fn garbage_is_refused_or_canonical(
        bytes in proptest::collection::vec(0..5_u8, 0..60),
        noise in proptest::collection::vec(any::<u8>(), 0..RULES_LEN),
        place in 0..40_usize,
        byte: u8,
    ) {
        let rules = rules(3);
        let mut circle = active(&rules);
        play_round(&mut circle, &rules, 1, &[0, 1]);
        let mut near = encode(&circle);
        let place = place % near.len();
        near[place] = byte;
        for bytes in [bytes, noise, near] {
            if let Ok(circle) = Circle::decode(&bytes) {
                prop_assert_eq!(encode(&circle), bytes);
            }
        }
    }
}
