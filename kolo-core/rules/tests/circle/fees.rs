//! Fees for late instalments.

use kolo_rules::circle::{Fee, Security, Shortfall};
use kolo_rules::{Amount, Circle, Refusal, Rules};

use crate::support::{
    GRACE, START, WEEK, active, amount, debts, each, pay, pay_due, play_round, refused, rules,
    secured,
};

const LATE: u64 = START + WEEK + GRACE + 1;

fn with_fee(fee: Fee) -> Rules {
    Rules { fee, ..rules(3) }
}

fn due(circle: &Circle, rules: &Rules, seat: u8, now: u64) -> (i64, i64) {
    let due = circle.due(rules, seat, now).unwrap();
    (due.amount.minor_units(), due.fees.minor_units())
}

#[test]
fn a_fixed_fee_is_added_from_the_first_late_second() {
    let rules = with_fee(Fee::Fixed(amount(2)));
    let mut circle = active(&rules);
    assert_eq!(due(&circle, &rules, 1, LATE - 1), (10, 0));
    // The second instalment is open too, but comes after the first.
    assert_eq!(due(&circle, &rules, 1, LATE), (12, 2));
    refused(&mut circle, Refusal::WrongAmount, |circle| {
        circle.contribute(&rules, 1, 1, amount(10), LATE)
    });
    let paid = pay_due(&mut circle, &rules, 1, LATE).unwrap();
    let parts = (paid.instalments, paid.premium, paid.fees, paid.late);
    assert_eq!(parts, (amount(10), Amount::ZERO, amount(2), true));
    assert_eq!((circle.reserve, circle.seats()[1].paid), (amount(2), amount(10)));
}

#[test]
fn a_part_is_rounded_down() {
    // (hundredths of a percent, contribution, fee)
    let table = [
        (1_000, 10, 1),
        (1_999, 10, 1),
        (2_000, 10, 2),
        (33, 1_000, 3),
        (1, 9_999, 0),
        (1, 10_000, 1),
        (10_000, 7, 7),
        // 10^15 · 33 / 10^4
        (33, 1_000_000_000_000_007, 3_300_000_000_000),
    ];
    for (part, contribution, fee) in table {
        let contribution = amount(contribution);
        let rules = Rules { contribution, ..with_fee(Fee::BasisPoints(part)) };
        let circle = active(&rules);
        let due = circle.due(&rules, 0, LATE).unwrap();
        assert_eq!(due.fees, amount(fee), "{part} of {contribution:?}");
    }
}

#[test]
fn every_instalment_costs_its_fee_once() {
    let rules = Rules { instalments_per_round: 3, ..with_fee(Fee::Fixed(amount(2))) };
    let mut circle = active(&rules);
    // Two of the three are late in the third week, all three afterwards; asking changes nothing.
    assert_eq!(due(&circle, &rules, 1, START + 2 * WEEK + GRACE), (30 + 2, 2));
    assert_eq!(due(&circle, &rules, 1, START + 2 * WEEK + GRACE + 1), (30 + 4, 4));
    assert_eq!(due(&circle, &rules, 1, START + 3 * WEEK + GRACE), (30 + 4, 4));
    assert_eq!(due(&circle, &rules, 1, START + 9 * WEEK), (30 + 16, 16));
    pay(&mut circle, &rules, &[1], START + 2 * WEEK + GRACE + 1);
    assert_eq!(circle.seats()[1].late, 2);
    // Paid: nothing more is late, a week later.
    assert_eq!(due(&circle, &rules, 1, START + 3 * WEEK + GRACE + 1).1, 0);
}

#[test]
fn what_is_paid_in_part_costs_only_on_the_rest() {
    let rules = Rules { partial: true, ..with_fee(Fee::BasisPoints(5_000)) };
    let mut circle = active(&rules);
    circle.contribute(&rules, 1, 1, amount(3), START).unwrap();
    // Half of 7, rounded down.
    assert_eq!(due(&circle, &rules, 1, LATE), (7 + 3, 3));
    // The instalment comes before the fee.
    circle.contribute(&rules, 1, 1, amount(8), LATE).unwrap();
    assert_eq!(circle.paid_for(&rules, 1, 1), Ok(amount(10)));
    assert_eq!((circle.seats()[1].fees, circle.reserve), (amount(2), amount(1)));
    // With the next instalment the rest of it is due.
    assert_eq!(due(&circle, &rules, 1, LATE), (10 + 2, 2));
}

#[test]
fn who_does_not_pay_at_all_owes_the_fee_too() {
    let rules = with_fee(Fee::Fixed(amount(2)));
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    assert_eq!(debts(&circle), [0, 0, 12]);
    // The debt to the recipient first, then the fee.
    let repaid = circle.repay(&rules, 2, amount(11)).unwrap();
    assert_eq!(repaid.to[..3], [amount(10), amount(0), amount(0)]);
    assert_eq!((debts(&circle), circle.reserve), (vec![0, 0, 1], amount(1)));
}

#[test]
fn the_recipient_is_late_with_their_own_instalment() {
    let rules = with_fee(Fee::Fixed(amount(2)));
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[1, 2]);
    assert_eq!((debts(&circle), circle.seats()[0].late), (vec![2, 0, 0], 1));
}

#[test]
fn covered_by_the_deposit_counts_as_late() {
    let rules = Rules {
        security: Security::Fixed(amount(15)),
        setup_period_s: 60,
        ..with_fee(Fee::Fixed(amount(2)))
    };
    let mut circle = secured(&rules);
    let payout = play_round(&mut circle, &rules, 1, &[0, 1]);
    assert_eq!(payout.amount, amount(30));
    let seat = circle.seats()[2];
    assert_eq!(
        (seat.late, seat.fees, seat.deposit, seat.covered),
        (1, amount(2), amount(5), amount(10))
    );
    assert_eq!(debts(&circle), [0, 0, 2]);
}

#[test]
fn waiting_for_somebody_costs_them_one_fee() {
    let rules = Rules { shortfall: Shortfall::Wait, ..with_fee(Fee::Fixed(amount(2))) };
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    // The round waits for seat 2 until the second deadline + grace, when the second is late as well.
    let end = START + 2 * WEEK + GRACE;
    assert_eq!(due(&circle, &rules, 2, end), (12, 2));
    assert_eq!(due(&circle, &rules, 2, end + 1), (14, 4));
    circle.payout(&rules, 1, end + 1).unwrap();
    assert_eq!(circle.seats()[2].late, 2);
    assert_eq!(each(&circle, |seat| seat.fees), [2, 2, 4]);
}

#[test]
fn at_the_end_fees_go_to_who_was_never_late() {
    let rules = with_fee(Fee::Fixed(amount(3)));
    let mut circle = active(&rules);
    pay(&mut circle, &rules, &[0, 1], START);
    pay(&mut circle, &rules, &[2], LATE);
    circle.payout(&rules, 1, LATE).unwrap();
    play_round(&mut circle, &rules, 2, &[0, 1, 2]);
    play_round(&mut circle, &rules, 3, &[0, 1, 2]);
    // 3 / 2 = 1 remainder 1.
    assert_eq!(each(&circle, |seat| seat.credit), [2, 1, 0]);
    assert_eq!(circle.reserve, Amount::ZERO);
}

#[test]
fn a_fee_paid_after_the_end_is_shared_at_once() {
    let rules = with_fee(Fee::Fixed(amount(3)));
    let mut circle = active(&rules);
    for round in 1..=3 {
        play_round(&mut circle, &rules, round, &[0, 1]);
    }
    // Seat 2 owes 10 for rounds 1 and 2, and three fees.
    assert_eq!(debts(&circle), [0, 0, 29]);
    let repaid = circle.repay(&rules, 2, amount(29)).unwrap();
    assert_eq!(repaid.to[..3], [amount(10), amount(10), amount(0)]);
    // 9 / 2 = 4 remainder 1.
    assert_eq!(each(&circle, |seat| seat.credit), [5, 4, 0]);
    assert_eq!((circle.reserve, circle.liabilities()), (Amount::ZERO, Ok(amount(9))));
}

#[test]
fn a_fee_left_when_every_round_is_paid_can_still_be_paid() {
    let rules = Rules { partial: true, advance: true, ..with_fee(Fee::Fixed(amount(2))) };
    let mut circle = active(&rules);
    for paid in [10, 10, 10] {
        let round = circle.due(&rules, 1, LATE).unwrap().round;
        circle.contribute(&rules, 1, round, amount(paid), LATE).unwrap();
    }
    assert_eq!(due(&circle, &rules, 1, LATE), (2, 2));
    pay(&mut circle, &rules, &[1], LATE);
    assert_eq!((due(&circle, &rules, 1, LATE), circle.reserve), ((0, 0), amount(2)));
}
