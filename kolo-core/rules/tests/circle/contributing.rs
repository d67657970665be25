//! What is due, and paying it.

use kolo_rules::circle::{Contributed, Due};
use kolo_rules::{Amount, Refusal};

use crate::support::{
    GRACE, START, WEEK, active, amount, pay, pay_due, play_round, refused, rules,
};

/// Plain instalments, without premium or fee.
fn contributed(instalments: i64, late: bool) -> Contributed {
    let instalments = amount(instalments);
    Contributed { instalments, premium: Amount::ZERO, fees: Amount::ZERO, late }
}

#[test]
fn the_first_instalment_is_open_from_the_start() {
    let rules = rules(3);
    let circle = active(&rules);
    let due = circle.due(&rules, 0, START).unwrap();
    let expected = Due {
        round: 1,
        amount: amount(10),
        premium: Amount::ZERO,
        fees: Amount::ZERO,
        advance: false,
        deadline: START + WEEK,
        late_after: START + WEEK + GRACE,
    };
    assert_eq!(due, expected);
    assert_eq!(circle.due(&rules, 3, START), Err(Refusal::NotMember));
}

#[test]
fn the_next_one_opens_at_the_deadline() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0], START);
    let due = circle.due(&rules, 0, START + WEEK - 1).unwrap();
    assert_eq!((due.round, due.amount, due.deadline), (2, Amount::ZERO, START + 2 * WEEK));
    refused(&mut circle, Refusal::NotYetOpen, |circle| {
        circle.contribute(&rules, 0, 2, amount(10), START + WEEK - 1)
    });
    let due = circle.due(&rules, 0, START + WEEK).unwrap();
    assert_eq!((due.round, due.amount, due.deadline), (2, amount(10), START + 2 * WEEK));
}

#[test]
fn several_open_instalments_are_paid_together() {
    let mut rules = rules(3);
    rules.instalments_per_round = 3;
    let mut circle = active(&rules);
    // In the second week two are open, 20; a third comes with the third week.
    let due = circle.due(&rules, 0, START + WEEK).unwrap();
    assert_eq!((due.round, due.amount, due.deadline), (1, amount(20), START + WEEK));
    let paid = circle.contribute(&rules, 0, 1, amount(20), START + WEEK).unwrap();
    assert_eq!(paid, contributed(20, false));
    refused(&mut circle, Refusal::NotYetOpen, |circle| {
        circle.contribute(&rules, 0, 1, amount(10), START + WEEK)
    });
    // In the fourth week the first round has one open, the second another: the first comes first.
    let due = circle.due(&rules, 0, START + 3 * WEEK).unwrap();
    assert_eq!((due.round, due.amount, due.deadline), (1, amount(10), START + 3 * WEEK));
    pay(&mut circle, &rules, &[0, 0], START + 3 * WEEK);
    let paid_for = |round| circle.paid_for(&rules, 0, round);
    assert_eq!([1, 2, 3].map(paid_for), [Ok(amount(30)), Ok(amount(10)), Ok(amount(0))]);
    assert_eq!((circle.held(), circle.pot_now(&rules)), (Ok(amount(40)), Ok(amount(30))));
}

#[test]
fn another_round_or_amount_is_refused() {
    let rules = rules(3);
    let mut circle = active(&rules);
    let later = START + WEEK + 1;
    for (round, paid, now, refusal) in [
        (0, 10, START, Refusal::WrongRound),
        (4, 10, START, Refusal::WrongRound),
        (2, 10, START, Refusal::WrongRound),
        // Round 2 is open, but round 1 comes first.
        (2, 10, later, Refusal::WrongRound),
        (1, 9, START, Refusal::WrongAmount),
        (1, 11, START, Refusal::WrongAmount),
        (1, 20, later, Refusal::WrongAmount),
        (1, 0, START, Refusal::WrongAmount),
        (1, -10, START, Refusal::WrongAmount),
    ] {
        refused(&mut circle, refusal, |circle| {
            circle.contribute(&rules, 0, round, amount(paid), now)
        });
    }
    refused(&mut circle, Refusal::NotMember, |circle| {
        circle.contribute(&rules, 3, 1, amount(10), START)
    });
}

#[test]
fn the_same_instalment_is_not_paid_twice() {
    let rules = rules(3);
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0], START);
    for now in [START, START + WEEK, START + 2 * WEEK] {
        refused(&mut circle, Refusal::NothingDue, |circle| {
            circle.contribute(&rules, 0, 1, amount(10), now)
        });
    }
}

#[test]
fn a_round_paid_out_takes_no_more() {
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    let now = START + WEEK + GRACE + 1;
    refused(&mut circle, Refusal::RoundPaidOut, |circle| {
        circle.contribute(&rules, 2, 1, amount(10), now)
    });
    assert_eq!(circle.due(&rules, 2, now).unwrap().round, 2);
}

#[test]
fn late_is_strictly_after_deadline_and_grace() {
    let rules = rules(3);
    let mut circle = active(&rules);
    let last_moment = START + WEEK + GRACE;
    assert!(!pay_due(&mut circle, &rules, 0, last_moment).unwrap().late);
    assert!(pay_due(&mut circle, &rules, 1, last_moment + 1).unwrap().late);
    let late: Vec<_> = circle.seats().iter().map(|seat| seat.late).collect();
    assert_eq!(late, [0, 1, 0]);
}

#[test]
fn each_late_instalment_counts_once() {
    let mut rules = rules(3);
    rules.instalments_per_round = 3;
    let mut circle = active(&rules);
    // At the third deadline, grace over for the first two: 2 of the 3 are late.
    let now = START + 2 * WEEK + GRACE + 1;
    let paid = pay_due(&mut circle, &rules, 0, now).unwrap();
    assert_eq!(paid, contributed(30, true));
    assert_eq!(circle.seats()[0].late, 2);
    // One of three was paid in time; the two missing at the payout are late, once.
    pay(&mut circle, &rules, &[1], START);
    circle.payout(&rules, 1, START + 3 * WEEK + GRACE + 1).unwrap();
    assert_eq!(circle.seats()[1].late, 2);
    assert_eq!(circle.seats()[2].late, 3);
}

#[test]
fn advance_payment_takes_one_instalment_at_a_time() {
    let mut rules = rules(3);
    rules.advance = true;
    rules.instalments_per_round = 2;
    let mut circle = active(&rules);
    let due = circle.due(&rules, 0, START).unwrap();
    assert_eq!((due.round, due.amount, due.advance), (1, amount(10), false));
    for (round, deadline) in [(1, 1), (1, 2), (2, 3), (2, 4), (3, 5), (3, 6)] {
        let due = circle.due(&rules, 0, START).unwrap();
        assert_eq!(due.advance, deadline > 1);
        assert_eq!((due.round, due.deadline), (round, START + deadline * WEEK));
        pay(&mut circle, &rules, &[0], START);
    }
    let paid_for = |round| circle.paid_for(&rules, 0, round);
    assert_eq!([1, 2, 3].map(paid_for), [Ok(amount(20)); 3]);
    assert_eq!(circle.seats()[0].paid, amount(60));
    // Everything is paid: nothing is due any more, until the very end.
    let due = circle.due(&rules, 0, START).unwrap();
    assert_eq!((due.round, due.amount, due.deadline), (3, Amount::ZERO, START + 6 * WEEK));
    refused(&mut circle, Refusal::NothingDue, |circle| {
        circle.contribute(&rules, 0, 3, amount(10), START)
    });
}

#[test]
fn what_is_open_comes_before_advances() {
    let mut rules = rules(3);
    rules.advance = true;
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 0], START);
    // Round 3 opens after two weeks; round 2 was paid in advance.
    let due = circle.due(&rules, 0, START + 2 * WEEK).unwrap();
    assert_eq!((due.round, due.amount, due.advance), (3, amount(10), false));
    // Who has paid nothing owes round 1 first.
    let due = circle.due(&rules, 1, START + 2 * WEEK).unwrap();
    assert_eq!((due.round, due.amount, due.advance), (1, amount(10), false));
}
