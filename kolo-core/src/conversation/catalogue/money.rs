//! Replies about money: what somebody has, what has happened with it, what they are about to pay.
use data_encoding::HEXLOWER;

use super::Speech;
use super::reply::{named, one};
use super::speech::reference;
use crate::Asset;
use crate::conversation::amount::{self, AmountProblem, LARGEST_WHOLE};
use crate::conversation::reply::{GroupPosition, Payment, Reply};
use crate::conversation::words::Words;
use crate::receipt::{ReceiptKind, ReceiptView};
use crate::view::{HistoryLine, WalletView};

pub(super) fn money(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::Balance { wallets, groups } => Some(balance(wallets, groups, speech)),
        Reply::History { lines, more } => Some(history(lines, *more, speech)),
        Reply::ReceiptWhich => one(Words::new("receipt-which")),
        Reply::Receipt(view) => Some(receipt(view, speech)),
        Reply::HistoryEmpty => one(Words::new("history-empty")),
        Reply::HistoryEnd => one(Words::new("history-end")),
        Reply::AskTestMoney { max } => {
            one(Words::new("ask-test-money").text("max", speech.money(*max)))
        }
        Reply::TestMoneyAtMost { max } => {
            one(Words::new("test-money-at-most").text("max", speech.money(*max)))
        }
        Reply::BadAmount { problem } => one(amount_problem(problem, speech)),
        _ => None,
    }
}

fn balance(wallets: &[WalletView], groups: &[GroupPosition], speech: &Speech) -> Vec<Words> {
    let mut lines = Vec::new();
    for wallet in wallets {
        let id = if lines.is_empty() { "balance" } else { "balance-also" };
        lines.extend(purse(id, wallet, &speech.of(&wallet.asset)));
    }
    for (number, position) in groups.iter().enumerate() {
        let speech = speech.of(&position.asset);
        let line = named("balance-group", &position.name)
            .text("paid", speech.money(position.paid))
            .text("received", speech.money(position.received));
        lines.push(if number == 0 { line.apart() } else { line });
        if position.debt.is_positive() {
            lines.push(Words::new("balance-owed").text("debt", speech.money(position.debt)));
        }
    }
    lines
}

/// What somebody has of one asset.
fn purse(id: &'static str, wallet: &WalletView, speech: &Speech) -> Vec<Words> {
    let mut lines = vec![Words::new(id).text("available", speech.money(wallet.available))];
    if wallet.pending_out.is_positive() {
        lines.push(Words::new("balance-pending").text("pending", speech.money(wallet.pending_out)));
    }
    match wallet.on_chain {
        None => lines.push(Words::new("balance-chain-silent")),
        Some(on_chain) if on_chain != wallet.settled => lines.push(
            Words::new("balance-differs")
                .text("books", speech.money(wallet.settled))
                .text("chain", speech.money(on_chain)),
        ),
        Some(_) => {}
    }
    lines
}

fn history(entries: &[HistoryLine], more: bool, speech: &Speech) -> Vec<Words> {
    let mut lines = vec![Words::new("history")];
    for entry in entries {
        let kind = match entry.kind.as_str() {
            "deposit" => "history-deposit",
            "withdrawal" => "history-withdrawal",
            "gap" => "history-gap",
            "contribution" => "history-contribution",
            "payout" => "history-payout",
            "repayment" => "history-repayment",
            "repaid" => "history-repaid",
            "bond" => "history-bond",
            "security" => "history-security",
            "refund" => "history-refund",
            "credit" => "history-credit",
            _ => "history-other",
        };
        let sign = if entry.amount.minor_units() < 0 { "−" } else { "+" };
        let size = kolo_rules::Amount::ZERO.max(entry.amount);
        let size = if size.is_zero() {
            kolo_rules::Amount::ZERO.checked_sub(entry.amount).unwrap_or_default()
        } else {
            size
        };
        let state = match (entry.voided, entry.pending) {
            (true, _) => "given-back",
            (_, true) => "on-its-way",
            _ => "done",
        };
        lines.push(
            Words::new("history-line")
                .text("date", speech.date(entry.at))
                .words("what", Words::new(kind))
                .text("amount", format!("{sign}{}", speech.of(&entry.asset).money(size)))
                .flag("grouped", entry.circle.is_some())
                .name("group", entry.circle.as_deref().unwrap_or_default())
                .flag("rounded", entry.round.is_some())
                .count("round", entry.round.unwrap_or_default())
                .flag("proven", entry.tx.is_some())
                .text("reference", entry.tx.as_deref().map(reference).unwrap_or_default())
                .text("state", state),
        );
    }
    if more {
        lines.push(Words::new("history-more").apart());
    }
    lines
}

/// What is signed, in plain words; the seal is the signature itself.
fn receipt(view: &ReceiptView, speech: &Speech) -> Vec<Words> {
    let (signed, said) = (&view.signed, &view.signed.receipt);
    let what = match said.kind {
        ReceiptKind::Contribution => "receipt-contribution",
        ReceiptKind::Repayment => "receipt-repayment",
        ReceiptKind::Bond => "receipt-bond",
        ReceiptKind::Deposit => "receipt-deposit",
        ReceiptKind::Payout if said.credited => "receipt-payout-kept",
        ReceiptKind::Payout => "receipt-payout",
        ReceiptKind::Credit => "receipt-credit",
        ReceiptKind::Refund => "receipt-refund",
    };
    let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);
    vec![
        Words::new("receipt").text("number", signed.number.to_string()),
        Words::new("receipt-said")
            .words("what", Words::new(what))
            .text("amount", said.money().to_string())
            .name("who", &view.party_name)
            .name("group", &said.circle_name)
            .flag("rounded", said.round > 0)
            .count("round", said.round)
            .text("date", speech.date(said.at)),
        Words::new("receipt-where")
            .text("account", said.party.0.clone())
            .text("contract", said.contract.0.clone())
            .text("reference", said.tx.clone())
            .apart(),
        Words::new("receipt-signed")
            .text("key", hex(&signed.key.0))
            .text("seal", hex(&signed.signature.0))
            .apart(),
    ]
}

pub(super) fn amount_problem(problem: &AmountProblem, speech: &Speech) -> Words {
    match problem {
        AmountProblem::Empty => Words::new("amount-empty"),
        AmountProblem::Negative => Words::new("amount-negative"),
        AmountProblem::Scientific => Words::new("amount-scientific"),
        AmountProblem::OtherDigits => Words::new("amount-other-digits"),
        AmountProblem::TooManyDecimals { most } => {
            Words::new("amount-too-many-decimals").count("most", *most)
        }
        AmountProblem::Zero => Words::new("amount-zero"),
        AmountProblem::TooLarge => Words::new("amount-too-large")
            .text("largest", format!("{LARGEST_WHOLE} {}", speech.asset.code)),
        AmountProblem::Ambiguous { grouped, pointed } => Words::new("amount-ambiguous")
            .text("grouped", grouped.clone())
            .text("pointed", pointed.clone()),
        AmountProblem::OtherCurrency(currency) => Words::new(other_currency(&speech.asset))
            .name("currency", currency)
            .text("code", speech.asset.code.clone()),
        AmountProblem::NotANumber => Words::new("amount-not-a-number"),
    }
}

/// Nobody is told that euros are dollars.
fn other_currency(asset: &Asset) -> &'static str {
    if amount::is_dollars(asset) { "amount-other-currency" } else { "amount-other-money" }
}

pub(super) fn paying(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::ConfirmContribute(payment) => Some(confirm_contribute(payment, speech)),
        Reply::ConfirmEntry { name, amount, bond, until, balance_after } => {
            one(named("confirm-entry", name)
                .text("amount", speech.money(*amount))
                .flag("bond", *bond)
                .text("until", speech.date(*until))
                .text("after", speech.money(*balance_after)))
        }
        Reply::NothingToPayIn { name } => one(named("nothing-to-pay-in", name)),
        Reply::NothingDue { name, round, deadline } => one(named("nothing-due", name)
            .count("round", *round)
            .text("deadline", speech.date(*deadline))),
        Reply::AllPaid { name } => one(named("all-paid", name)),
        Reply::OnItsWay { name } => one(named("on-its-way", name)),
        Reply::TooLittle { .. } => Some(too_little(reply, speech)),
        Reply::OtherAmount { name, due } => {
            one(named("other-amount", name).text("due", speech.money(*due)))
        }
        Reply::OfferRepay { name, debt } => {
            one(named("offer-repay", name).text("debt", speech.money(*debt)))
        }
        Reply::ConfirmRepay { name, amount, left, balance_after } => {
            one(named("confirm-repay", name)
                .text("amount", speech.money(*amount))
                .text("left", speech.money(*left))
                .text("after", speech.money(*balance_after)))
        }
        Reply::RepayAtMost { name, debt } => {
            one(named("repay-at-most", name).text("debt", speech.money(*debt)))
        }
        Reply::NothingOwed { name } => one(named("nothing-owed", name)),
        _ => None,
    }
}

/// Where people save in several assets, which of them is needed.
fn too_little(reply: &Reply, speech: &Speech) -> Vec<Words> {
    let Reply::TooLittle { name, amount, missing, test_money, pinned } = reply else {
        return Vec::new();
    };
    let (figure, code) = (missing.display(speech.asset.decimals, 0), &speech.asset.code);
    let (figure, kind) =
        if *pinned { (format!("{figure} {code}"), "pinned") } else { (figure.to_string(), "yes") };
    let line = named("too-little", name)
        .text("amount", speech.money(*amount))
        .text("missing", speech.money(*missing))
        .text("figure", figure)
        .text("test", if *test_money { kind } else { "no" });
    let only = || named("too-little-only", name).text("code", code.clone());
    std::iter::once(line).chain(pinned.then(only)).collect()
}

fn confirm_contribute(payment: &Payment, speech: &Speech) -> Vec<Words> {
    let mut lines = vec![
        named("confirm-contribute", &payment.name)
            .text("amount", speech.money(payment.amount))
            .count("round", payment.round)
            .count("rounds", payment.rounds),
    ];
    if let Some(recipient) = &payment.recipient {
        lines.push(
            Words::new("confirm-contribute-recipient")
                .name("recipient", recipient)
                .flag("back", payment.pays_back),
        );
    }
    if payment.premium.is_positive() {
        let premium = speech.money(payment.premium);
        lines.push(Words::new("confirm-contribute-premium").text("premium", premium));
    }
    if payment.fees.is_positive() {
        let fees = speech.money(payment.fees);
        lines.push(Words::new("confirm-contribute-fees").text("fees", fees));
    }
    lines.push(
        Words::new("confirm-contribute-figures")
            .text("deadline", speech.date(payment.deadline))
            .flag("advance", payment.advance)
            .text("after", speech.money(payment.balance_after)),
    );
    if payment.debt.is_positive() {
        lines.push(Words::new("confirm-contribute-debt").text("debt", speech.money(payment.debt)));
    }
    lines.push(Words::new("confirm-contribute-question").apart());
    lines
}
