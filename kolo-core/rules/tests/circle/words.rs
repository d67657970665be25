//! What people and logs are told.

use kolo_rules::{AmountError, Circle, ParseAmountError, Refusal};

use crate::support::{active, play_round, rules};

#[test]
fn every_error_says_what_to_do() {
    for refusal in Refusal::ALL {
        assert_eq!(refusal.to_string(), refusal.advice());
    }
    assert!(Refusal::WrongAmount.to_string().contains("ask what is due"));
    assert!(AmountError.to_string().contains("use smaller amounts"));
    let table = [
        (ParseAmountError::Empty, "write digits"),
        (ParseAmountError::NotANumber, "write digits"),
        (ParseAmountError::Signed, "leave out the"),
        (ParseAmountError::TooManyDecimals, "use fewer"),
        (ParseAmountError::Overflow, "use a smaller one"),
    ];
    for (error, advice) in table {
        assert!(error.to_string().contains(advice), "{error}");
    }
}

#[test]
fn a_circle_in_a_log_shows_the_seats_and_debts_there_are() {
    let times = |circle: &Circle| {
        let shown = format!("{circle:?}");
        ["Seat {", "Debt {"].map(|row| shown.matches(row).count())
    };
    assert_eq!(times(&Circle::new()), [0, 0]);
    let rules = rules(3);
    let mut circle = active(&rules);
    play_round(&mut circle, &rules, 1, &[0, 1]);
    assert_eq!(times(&circle), [3, 1]);
}
