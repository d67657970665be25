//! Instalments in parts, and in advance.

use kolo_rules::{Amount, Refusal, Rules};

use crate::support::{GRACE, START, WEEK, active, amount, debts, pay, refused, rules};

#[test]
fn parts_are_refused_unless_agreed_on() {
    let rules = rules(3);
    let mut circle = active(&rules);
    refused(&mut circle, Refusal::WrongAmount, |circle| {
        circle.contribute(&rules, 0, 1, amount(4), START)
    });
}

#[test]
fn parts_add_up_and_never_exceed_what_is_due() {
    let rules = Rules { partial: true, ..rules(3) };
    let mut circle = active(&rules);
    circle.contribute(&rules, 0, 1, amount(4), START).unwrap();
    let due = circle.due(&rules, 0, START).unwrap();
    assert_eq!((due.amount, due.deadline), (amount(6), START + WEEK));
    for wrong in [0, -1, 7, 10] {
        refused(&mut circle, Refusal::WrongAmount, |circle| {
            circle.contribute(&rules, 0, 1, amount(wrong), START)
        });
    }
    circle.contribute(&rules, 0, 1, amount(6), START).unwrap();
    refused(&mut circle, Refusal::NotYetOpen, |circle| {
        circle.contribute(&rules, 0, 2, amount(1), START)
    });
}

#[test]
fn a_part_becomes_part_of_the_pot_and_the_rest_a_debt() {
    let rules = Rules { partial: true, ..rules(3) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    circle.contribute(&rules, 2, 1, amount(4), START).unwrap();
    let payout = circle.payout(&rules, 1, START + WEEK + GRACE + 1).unwrap();
    assert_eq!(payout.amount, amount(24));
    assert_eq!((debts(&circle), circle.seats()[2].late), (vec![0, 0, 6], 1));
    assert_eq!(circle.paid_for(&rules, 2, 1), Ok(amount(4)));
}

#[test]
fn parts_fill_the_instalments_of_a_round_one_after_the_other() {
    let rules = Rules { partial: true, instalments_per_round: 2, ..rules(3) };
    let mut circle = active(&rules);
    // Both are open in the second week: 15 are the first and half of the second.
    circle.contribute(&rules, 0, 1, amount(15), START + WEEK).unwrap();
    let due = circle.due(&rules, 0, START + WEEK).unwrap();
    assert_eq!((due.amount, due.deadline), (amount(5), START + 2 * WEEK));
    // Of 9 the first is not full: one late instalment, and the second another.
    circle.contribute(&rules, 1, 1, amount(9), START + WEEK).unwrap();
    let payout = circle.payout(&rules, 1, START + 2 * WEEK + GRACE + 1).unwrap();
    assert_eq!(payout.amount, amount(15 + 9));
    let late: Vec<_> = circle.seats().iter().map(|seat| seat.late).collect();
    assert_eq!(late, [1, 2, 2]);
    // The recipient does not owe themselves.
    assert_eq!(debts(&circle), [0, 11, 20]);
}

#[test]
fn parts_may_be_paid_in_advance_where_that_is_agreed_on() {
    let rules = Rules { partial: true, advance: true, ..rules(3) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0], START);
    circle.contribute(&rules, 0, 2, amount(3), START).unwrap();
    let due = circle.due(&rules, 0, START).unwrap();
    assert_eq!((due.round, due.amount, due.advance), (2, amount(7), true));
    assert_eq!(circle.paid_for(&rules, 0, 2), Ok(amount(3)));
    // When it opens it is no advance any more.
    let due = circle.due(&rules, 0, START + WEEK).unwrap();
    assert_eq!((due.round, due.amount, due.advance), (2, amount(7), false));
    assert_eq!(circle.paid_for(&rules, 0, 3), Ok(Amount::ZERO));
}
