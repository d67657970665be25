//! The program a host's developer reads first really plays, and is as short as the README says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::process::Command;

#[test]
fn everyone_ends_with_what_they_began_with_in_books_and_on_chain() {
    let output = Command::new(env!("CARGO_BIN_EXE_rust-embed")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // 50.00 of test money, 3 × 10.00 paid in, one pot of 30.00 received.
    let fifty = "Amount(500000000) in the books, Some(Amount(500000000)) on the chain";
    let expected: String =
        ["ada", "bola", "chidi"].map(|who| format!("{who}@example.org: {fifty}\n")).concat();
    assert_eq!(said, expected);
}

#[test]
fn it_is_under_sixty_lines() {
    assert!(include_str!("../src/main.rs").lines().count() < 60);
}
