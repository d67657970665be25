//! Each notice's messages and their arguments, and the orders worth a button under it.
use kolo_rules::Amount;

use super::Speech;
use super::speech::{every, interval, matter, reference};
use super::{member, offer, office};
use crate::CircleId;
use crate::conversation::words::Words;
use crate::notice::{Notice, Reason, ReminderStage};
use crate::receipt::ReceiptNumber;
use crate::view::VoteOn;

/// A notice, line by line.
pub(super) fn words(notice: &Notice, speech: &Speech) -> Vec<Words> {
    vec![
        money(notice, speech)
            .or_else(|| forming(notice, speech))
            .or_else(|| paying(notice, speech))
            .or_else(|| changing(notice, speech))
            .or_else(|| member::notice(notice, speech))
            .or_else(|| offer::offering(notice, speech))
            .or_else(|| office::notice(notice))
            .unwrap_or_else(|| closing(notice, speech)),
    ]
}

/// Labels (which are commands as well) of the buttons under a notice, with the command they give.
pub(in crate::conversation) fn orders(notice: &Notice) -> Vec<(&'static str, String)> {
    let contribute = |circle: &CircleId| ("label-contribute", format!("CONTRIBUTE {circle}"));
    let status = |circle: &CircleId| ("label-status", format!("GROUP STATUS {circle}"));
    let show = |receipt: &Option<ReceiptNumber>| {
        receipt.map(|number| ("label-receipt", format!("RECEIPT {number}")))
    };
    if let Some(orders) =
        office::orders(notice).or_else(|| member::orders(notice)).or_else(|| offer::orders(notice))
    {
        return orders;
    }
    match notice {
        Notice::CircleReady { circle, .. } => {
            vec![("label-invite", format!("INVITE {circle}")), status(circle)]
        }
        Notice::Started { circle, .. } | Notice::Reminder { circle, .. } => {
            vec![contribute(circle), status(circle)]
        }
        Notice::Joined { circle, .. } => vec![status(circle)],
        Notice::Contributed { circle, receipt, .. } => {
            std::iter::once(status(circle)).chain(show(receipt)).collect()
        }
        Notice::PaidOut { receipt, .. }
        | Notice::PayoutKept { receipt, .. }
        | Notice::CreditDelivered { receipt, .. }
        | Notice::Repaid { receipt, .. }
        | Notice::PaidBack { receipt, .. }
        | Notice::EntryPaid { receipt, .. }
        | Notice::Refunded { receipt, .. } => show(receipt).into_iter().collect(),
        Notice::Proposed { circle, proposal, you: false, .. } => vec![
            ("label-vote-yes", format!("VOTE YES {proposal} {circle}")),
            ("label-vote-no", format!("VOTE NO {proposal} {circle}")),
        ],
        Notice::EntryDue { circle, .. } => vec![contribute(circle), status(circle)],
        Notice::MoneyReceived { .. } | Notice::BalanceFound { .. } => {
            vec![("label-balance", "BALANCE".to_owned())]
        }
        Notice::CircleCaughtUp { circle, over: false, .. } => vec![status(circle)],
        _ => Vec::new(),
    }
}

/// The receipt's number; what the network knows it by where a notice is older than receipts.
fn number(receipt: Option<ReceiptNumber>, tx: &str) -> String {
    receipt.map_or_else(|| reference(tx), |number| number.to_string())
}

pub(super) fn named(id: &'static str, name: &str) -> Words {
    Words::new(id).name("name", name)
}

fn failed(id: &'static str, name: &str, reason: Reason) -> Words {
    named(id, name).words("reason", because(reason))
}

fn because(reason: Reason) -> Words {
    Words::new(match reason {
        Reason::TooLittleMoney => "reason-too-little-money",
        Reason::Rules => "reason-rules",
        Reason::Closed => "reason-closed",
        Reason::Invitation => "reason-invitation",
        Reason::Crowded => "reason-crowded",
        Reason::Office => "reason-office",
        Reason::Technical => "reason-technical",
    })
}

fn money(notice: &Notice, speech: &Speech) -> Option<Words> {
    let amount = |minor: i64| speech.money(Amount::new(minor));
    Some(match notice {
        Notice::MoneyReceived { amount: received, balance, tx } => {
            Words::new("notice-money-received")
                .text("amount", amount(*received))
                .text("balance", amount(*balance))
                .text("reference", reference(tx))
        }
        Notice::MoneySent { amount: sent, balance, tx } => Words::new("notice-money-sent")
            .text("amount", amount(*sent))
            .text("balance", amount(*balance))
            .text("reference", reference(tx)),
        Notice::BalanceFound { amount: found, balance, lost } => Words::new("notice-balance-found")
            .flag("came", *found > 0)
            .flag("lost", *lost)
            .text("amount", amount(found.saturating_abs()))
            .text("balance", amount(*balance)),
        Notice::CircleCaughtUp { name, over, .. } => {
            named("notice-circle-caught-up", name).flag("over", *over)
        }
        Notice::KeyExported => Words::new("notice-key-exported"),
        Notice::KeyRefused => Words::new("notice-key-refused"),
        Notice::WalletClosed => Words::new("notice-wallet-closed"),
        Notice::WalletKept { reason } => {
            Words::new("notice-wallet-kept").words("reason", because(*reason))
        }
        _ => return None,
    })
}

fn forming(notice: &Notice, speech: &Speech) -> Option<Words> {
    let amount = |minor: i64| speech.money(Amount::new(minor));
    Some(match notice {
        Notice::CircleReady { name, seats, contribution, every: how_often, .. } => {
            named("notice-circle-ready", name)
                .count("seats", *seats)
                .text("amount", amount(*contribution))
                .words("every", every(interval(*how_often)))
        }
        Notice::CircleFailed { name, reason } => failed("notice-circle-failed", name, *reason),
        Notice::InvitationReady { name, code, phone, expires_at, .. } => {
            named("notice-invitation-ready", name)
                .name("code", code)
                .flag("bound", phone.is_some())
                .name("phone", phone.as_deref().unwrap_or_default())
                .text("until", speech.date(*expires_at))
        }
        Notice::InvitationRevoked { name, code } => {
            named("notice-invitation-revoked", name).name("code", code)
        }
        Notice::RevocationFailed { name, code, reason } => {
            failed("notice-revocation-failed", name, *reason).name("code", code)
        }
        Notice::InvitationFailed { name, reason } => {
            failed("notice-invitation-failed", name, *reason)
        }
        Notice::Joined { name, turn, members, seats, .. } => named("notice-joined", name)
            .count("turn", *turn)
            .count("members", *members)
            .count("seats", *seats),
        Notice::JoinFailed { name, reason } => failed("notice-join-failed", name, *reason),
        Notice::SomebodyJoined { name, who, members, seats, .. } => {
            named("notice-somebody-joined", name)
                .name("who", who)
                .count("members", *members)
                .count("seats", *seats)
        }
        Notice::SomebodyLeft { name, who, members, seats, removed, .. } => {
            named("notice-somebody-left", name)
                .flag("removed", *removed)
                .name("who", who)
                .count("members", *members)
                .count("seats", *seats)
        }
        Notice::Started { name, order, your_turn, contribution, deadline, .. } => {
            named("notice-started", name)
                .text("order", numbered(order))
                .count("turn", *your_turn)
                .text("amount", amount(*contribution))
                .text("deadline", speech.date(*deadline))
        }
        Notice::EntryDue { name, amount: due, bond, until, .. } => named("notice-entry-due", name)
            .text("amount", amount(*due))
            .flag("bond", *bond)
            .text("until", speech.date(*until)),
        Notice::EntryPaid { name, amount: paid, bond, tx, receipt, .. } => {
            named("notice-entry-paid", name)
                .text("amount", amount(*paid))
                .flag("bond", *bond)
                .text("receipt", number(*receipt, tx))
        }
        Notice::RequestFailed { name, reason } => failed("notice-request-failed", name, *reason),
        Notice::Cancelled { name, refund } => named("notice-cancelled", name)
            .flag("paid", *refund > 0)
            .text("refund", amount(*refund)),
        Notice::Left { name, removed } => named("notice-left", name).flag("removed", *removed),
        _ => return None,
    })
}

fn numbered(names: &[String]) -> String {
    let lines: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, name)| format!("{}. {}", index + 1, crate::conversation::clean::name(name)))
        .collect();
    lines.join("\n")
}

fn paying(notice: &Notice, speech: &Speech) -> Option<Words> {
    let amount = |minor: i64| speech.money(Amount::new(minor));
    Some(match notice {
        Notice::Contributed {
            name,
            round,
            rounds,
            amount: paid,
            late,
            pot,
            full_pot,
            tx,
            receipt,
            ..
        } => named("notice-contributed", name)
            .count("round", *round)
            .count("rounds", *rounds)
            .text("amount", amount(*paid))
            .flag("late", *late)
            .text("pot", amount(*pot))
            .text("full", amount(*full_pot))
            .text("receipt", number(*receipt, tx)),
        Notice::ContributionFailed { name, round, amount: wanted, reason, .. } => {
            failed("notice-contribution-failed", name, *reason)
                .count("round", *round)
                .text("amount", amount(*wanted))
        }
        Notice::Repaid { name, amount: paid, left, tx, receipt, .. } => {
            named("notice-repaid", name)
                .text("amount", amount(*paid))
                .text("left", amount(*left))
                .flag("all", *left == 0)
                .text("receipt", number(*receipt, tx))
        }
        Notice::PaidBack { name, who, amount: paid, tx, receipt, .. } => {
            named("notice-paid-back", name)
                .name("who", who)
                .text("amount", amount(*paid))
                .text("receipt", number(*receipt, tx))
        }
        Notice::RepaymentFailed { name, amount: wanted, reason, .. } => {
            failed("notice-repayment-failed", name, *reason).text("amount", amount(*wanted))
        }
        Notice::Reminder { name, stage, round, amount: due, deadline, late_after, .. } => {
            named("notice-reminder", name)
                .text("stage", stage_name(*stage))
                .count("round", *round)
                .text("amount", amount(*due))
                .text("deadline", speech.date(*deadline))
                .flag("grace", late_after > deadline)
                .text("late", speech.date(*late_after))
        }
        Notice::PaidOut {
            back: true,
            name,
            recipient,
            you,
            amount: paid,
            short,
            tx,
            receipt,
            ..
        } => named("notice-paid-back-out", name)
            .name("recipient", recipient)
            .flag("you", *you)
            .text("amount", amount(*paid))
            .flag("less", *short > 0)
            .text("short", amount(*short))
            .text("receipt", number(*receipt, tx)),
        Notice::PaidOut {
            name,
            round,
            rounds,
            recipient,
            you,
            amount: paid,
            short,
            tx,
            receipt,
            ..
        } => named("notice-paid-out", name)
            .count("round", *round)
            .count("rounds", *rounds)
            .name("recipient", recipient)
            .flag("you", *you)
            .text("amount", amount(*paid))
            .flag("less", *short > 0)
            .text("short", amount(*short))
            .text("receipt", number(*receipt, tx)),
        Notice::PayoutKept { name, amount: kept, receipt, .. } => named("notice-payout-kept", name)
            .text("amount", amount(*kept))
            .flag("proven", receipt.is_some())
            .text("receipt", receipt.map(|number| number.to_string()).unwrap_or_default()),
        Notice::CreditDelivered { name, amount: paid, tx, receipt, .. } => {
            named("notice-credit-delivered", name)
                .text("amount", amount(*paid))
                .text("receipt", number(*receipt, tx))
        }
        _ => return None,
    })
}

/// Members who leave, come in others' places, bid; the insurance; what was found in the vault.
fn changing(notice: &Notice, speech: &Speech) -> Option<Words> {
    let by =
        |id, name: &str, who: &str, you: bool| named(id, name).name("who", who).flag("you", you);
    Some(match notice {
        Notice::Leaving { name, who, you, round, .. } => {
            by("notice-leaving", name, who, *you).count("round", *round)
        }
        Notice::TurnsSwapped { name, one, other, .. } => {
            named("notice-turns-swapped", name).name("one", one).name("other", other)
        }
        Notice::BidMade { name, round, who, you, amount, .. } => {
            by("notice-bid-made", name, who, *you)
                .count("round", *round)
                .text("amount", speech.money(Amount::new(*amount)))
        }
        Notice::InsurancePaid { name, round, amount, .. } => named("notice-insurance-paid", name)
            .count("round", *round)
            .text("amount", speech.money(Amount::new(*amount))),
        Notice::VaultShort { name, lost, cushioned, pots, yours, .. } => {
            named("notice-vault-short", name)
                .text("lost", speech.money(Amount::new(*lost)))
                .flag("cushion", *cushioned > 0)
                .text("cushioned", speech.money(Amount::new(*cushioned)))
                .flag("smaller", *pots > 0)
                .text("pots", speech.money(Amount::new(*pots)))
                .flag("touched", *yours > 0)
                .text("yours", speech.money(Amount::new(*yours)))
        }
        Notice::VaultGift { name, amount, yours, over, .. } => named("notice-vault-gift", name)
            .text("amount", speech.money(Amount::new(*amount)))
            .flag("over", *over)
            .flag("shares", *yours > 0)
            .text("yours", speech.money(Amount::new(*yours))),
        _ => return None,
    })
}

fn stage_name(stage: ReminderStage) -> &'static str {
    match stage {
        ReminderStage::TwoDays => "two-days",
        ReminderStage::OneDay => "one-day",
        ReminderStage::Deadline => "deadline",
        ReminderStage::GraceOver => "grace-over",
    }
}

fn closing(notice: &Notice, speech: &Speech) -> Words {
    let amount = |minor: i64| speech.money(Amount::new(minor));
    match notice {
        Notice::Proposed { name, who, you, on: VoteOn::Dissolve, expires_at, .. } => {
            named("notice-dissolution-proposed", name)
                .name("who", who)
                .flag("you", *you)
                .text("until", speech.date(*expires_at))
        }
        Notice::VoteCast { name, on, about, approve, yes, no, electorate, .. } => {
            Words::new("notice-vote-cast")
                .words("matter", matter(name, *on, about, None))
                .flag("approve", *approve)
                .count("yes", *yes)
                .count("no", *no)
                .count("electorate", *electorate)
        }
        Notice::ProposalRejected { name, on: VoteOn::Dissolve, .. } => {
            named("notice-proposal-rejected", name)
        }
        Notice::ProposalRejected { name, on, about, .. } => {
            Words::new("notice-vote-failed").words("matter", matter(name, *on, about, None))
        }
        Notice::Dissolved { name, refund, debt, by_debts, .. } => named("notice-dissolved", name)
            .flag("debts", *by_debts)
            .flag("refunded", *refund > 0)
            .text("refund", amount(*refund))
            .flag("owes", *debt > 0)
            .text("debt", amount(*debt)),
        Notice::Refunded { name, amount: paid, tx, receipt, .. } => named("notice-refunded", name)
            .text("amount", amount(*paid))
            .text("receipt", number(*receipt, tx)),
        Notice::Completed { name, paid, received, .. } => named("notice-completed", name)
            .text("paid", amount(*paid))
            .text("received", amount(*received)),
        // Spoken by the other tables; the test over all notices keeps this arm unused.
        _ => Words::new("notice-otherwise"),
    }
}
