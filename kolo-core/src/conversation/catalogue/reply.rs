//! Each reply's messages and their arguments.
use data_encoding::HEXLOWER;

use super::Speech;
use super::circle::{rules_text, status_text};
use super::speech::{every, matter, reference};
use super::{member, offer, office};
use crate::conversation::amount::{AmountProblem, LARGEST_WHOLE};
use crate::conversation::phone::PhoneProblem;
use crate::conversation::reply::{GroupPosition, Home, Payment, Remark, Reply};
use crate::conversation::words::Words;
use crate::receipt::{ReceiptKind, ReceiptView};
use crate::view::{HistoryLine, InvitationPreview, VoteView, WalletView};

/// A reply, line by line.
pub(super) fn words(reply: &Reply, speech: &Speech) -> Vec<Words> {
    people(reply, speech)
        .or_else(|| money(reply, speech))
        .or_else(|| group(reply, speech))
        .or_else(|| paying(reply, speech))
        .or_else(|| member::reply(reply, speech))
        .or_else(|| offer::reply(reply, speech))
        .or_else(|| office::reply(reply))
        .unwrap_or_else(|| answer(reply, speech))
}

fn one(words: Words) -> Option<Vec<Words>> {
    Some(vec![words])
}

fn named(id: &'static str, name: &str) -> Words {
    Words::new(id).name("name", name)
}

fn people(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::Welcome { name, home: at } => {
            Some(vec![named("welcome", name), home(at, speech).apart()])
        }
        Reply::Menu { name, home: at } => Some(vec![named("menu", name), home(at, speech).apart()]),
        Reply::Help { home: at, test_money } => Some(help(at, *test_money, speech)),
        Reply::AskName => one(Words::new("ask-name")),
        Reply::AskNameAgain => one(Words::new("ask-name-again")),
        Reply::AlreadyRegistered { name } => one(named("already-registered", name)),
        _ => None,
    }
}

fn home(home: &Home, speech: &Speech) -> Words {
    match home {
        Home::NoGroup => Words::new("home-no-group"),
        Home::Waiting { name } => named("home-waiting", name),
        Home::Forming { name, members, seats, invites, .. } => named("home-forming", name)
            .count("members", *members)
            .count("seats", *seats)
            .flag("invites", *invites),
        Home::Active => Words::new("home-active"),
        Home::Due { name, amount, deadline } => named("home-due", name)
            .text("amount", speech.money(*amount))
            .text("deadline", speech.date(*deadline)),
    }
}

fn help(at: &Home, test_money: bool, speech: &Speech) -> Vec<Words> {
    let commands = match at {
        Home::NoGroup | Home::Waiting { .. } => "help-no-group",
        Home::Forming { organiser: true, .. } => "help-organiser",
        Home::Forming { .. } => "help-forming",
        Home::Active | Home::Due { .. } => "help-active",
    };
    let mut lines = vec![home(at, speech)];
    if let Home::Forming { organiser: false, invites, starts, .. } = at {
        lines.extend(invites.then(|| Words::new("help-door")));
        lines.extend(starts.then(|| Words::new("help-lead")));
    }
    lines.extend([Words::new(commands), Words::new("help-always")]);
    if let Some(first) = lines.get_mut(1) {
        first.apart = true;
    }
    if test_money {
        lines.push(Words::new("help-test-money"));
    }
    lines
}

fn money(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::Balance { wallet, groups } => Some(balance(wallet, groups, speech)),
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

fn balance(wallet: &WalletView, groups: &[GroupPosition], speech: &Speech) -> Vec<Words> {
    let mut lines = vec![Words::new("balance").text("available", speech.money(wallet.available))];
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
    for (number, position) in groups.iter().enumerate() {
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
                .text("amount", format!("{sign}{}", speech.money(size)))
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

fn amount_problem(problem: &AmountProblem, speech: &Speech) -> Words {
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
        AmountProblem::OtherCurrency(currency) => Words::new("amount-other-currency")
            .name("currency", currency)
            .text("code", speech.asset.code.clone()),
        AmountProblem::NotANumber => Words::new("amount-not-a-number"),
    }
}

fn group(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    new_group(reply, speech).or_else(|| any_group(reply, speech))
}

fn new_group(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::AskGroupName => one(Words::new("ask-group-name")),
        Reply::BadGroupName => one(Words::new("bad-group-name")),
        Reply::AskContribution { name, problem } => {
            let ask = named("ask-contribution", name);
            Some(match problem {
                Some(problem) => vec![amount_problem(problem, speech), ask.apart()],
                None => vec![ask],
            })
        }
        Reply::AskInterval { again } => one(Words::new("ask-interval").flag("again", *again)),
        Reply::AskSeats { min, max, again } => {
            one(Words::new("ask-seats").count("min", *min).count("max", *max).flag("again", *again))
        }
        Reply::ConfirmCreate { name, rules, rules_hash } => {
            let mut lines = vec![named("confirm-create", name)];
            lines.extend(rules_text(rules, rules_hash, speech));
            lines.push(Words::new("confirm-create-otherwise").apart());
            lines.push(Words::new("confirm-create-question"));
            Some(lines)
        }
        Reply::AskCode => one(Words::new("ask-code")),
        Reply::RevokeWhich => one(Words::new("revoke-which")),
        Reply::ConfirmJoin { preview } => Some(confirm_join(preview, speech)),
        Reply::AlreadyIn { name } => one(named("already-in", name)),
        Reply::BadPhone { problem } => one(Words::new(match problem {
            PhoneProblem::NoCountry => "phone-no-country",
            PhoneProblem::NotValid => "phone-not-valid",
        })),
        _ => None,
    }
}

fn confirm_join(preview: &InvitationPreview, speech: &Speech) -> Vec<Words> {
    let circle = &preview.circle;
    let mut lines = vec![
        named("confirm-join", &circle.name)
            .name("organiser", &preview.organiser_name)
            .count("members", circle.members)
            .count("turn", if circle.rules.has_draw() { 0 } else { preview.turn }),
    ];
    lines.extend(rules_text(&circle.rules, &circle.rules_hash, speech));
    lines.push(Words::new("confirm-join-question").apart());
    lines
}

fn any_group(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    let counted = |id, name: &str, members: u8, seats: u8| {
        named(id, name).count("members", members).count("seats", seats)
    };
    match reply {
        Reply::NoGroups => one(Words::new("no-groups")),
        Reply::WhichGroup => one(Words::new("which-group")),
        Reply::NoSuchGroup { typed } => one(Words::new("no-such-group").name("typed", typed)),
        Reply::Creating { name } => one(named("creating", name)),
        Reply::OtherCode { name } => one(named("other-code", name)),
        Reply::CreationFailed { name } => one(named("creation-failed", name)),
        Reply::Status { status, me } => Some(status_text(status, *me, speech)),
        Reply::OnlyOrganiser { name } => one(named("only-organiser", name)),
        Reply::OnlyBeforeStart { name } => one(named("only-before-start", name)),
        Reply::NotStarted { name, members, seats } => {
            one(counted("not-started", name, *members, *seats))
        }
        Reply::Over { name } => one(named("over", name)),
        Reply::ConfirmStart { name, members, seats } => {
            one(counted("confirm-start", name, *members, *seats))
        }
        Reply::ConfirmLeave { name } => one(named("confirm-leave", name)),
        Reply::ConfirmCancelGroup { name } => one(named("confirm-cancel-group", name)),
        Reply::ConfirmDissolve { name, members } => {
            one(named("confirm-dissolve", name).count("members", *members))
        }
        Reply::ConfirmVote { name, approve, vote, stops } => one(Words::new("confirm-vote")
            .words("matter", matter(name, vote.on, &vote.about, vote.newcomer.as_ref()))
            .flag("approve", *approve)
            .flag("stops", *stops)
            .count("yes", vote.yes)
            .count("no", vote.no)
            .count("electorate", vote.electorate)
            .text("until", speech.date(vote.expires_at))),
        Reply::WhichVote { name, votes } => Some(which_vote(name, votes)),
        Reply::ConfirmExit { name, round } => {
            one(named("confirm-exit", name).count("round", *round))
        }
        Reply::AskBid { name, pot, standing } => one(named("ask-bid", name)
            .text("pot", speech.money(*pot))
            .flag("bid", standing.is_positive())
            .text("standing", speech.money(*standing))),
        Reply::ConfirmBid { name, round, amount } => one(named("confirm-bid", name)
            .count("round", *round)
            .text("amount", speech.money(*amount))),
        Reply::AskVote { name, vote } => one(Words::new("ask-vote")
            .words("matter", matter(name, vote.on, &vote.about, vote.newcomer.as_ref()))
            .count("number", vote.proposal)
            .count("yes", vote.yes)
            .count("no", vote.no)
            .count("electorate", vote.electorate)
            .text("until", speech.date(vote.expires_at))),
        Reply::NoVoteOpen { name } => one(named("no-vote-open", name)),
        _ => None,
    }
}

fn paying(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
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
        Reply::TooLittle { name, amount, missing, test_money } => one(named("too-little", name)
            .text("amount", speech.money(*amount))
            .text("missing", speech.money(*missing))
            .text("figure", missing.display(speech.asset.decimals, 0).to_string())
            .flag("test", *test_money)),
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

/// Several open votes, by number.
fn which_vote(name: &str, votes: &[VoteView]) -> Vec<Words> {
    let mut lines = vec![named("which-vote", name)];
    for vote in votes {
        lines.push(
            Words::new("which-vote-line")
                .count("number", vote.proposal)
                .words("matter", matter(name, vote.on, &vote.about, vote.newcomer.as_ref())),
        );
    }
    lines.push(Words::new("which-vote-how").apart());
    lines
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

fn answer(reply: &Reply, speech: &Speech) -> Vec<Words> {
    let id = match reply {
        Reply::Declined => "declined",
        Reply::TimedOut => "timed-out",
        Reply::YesOrNo => "yes-or-no",
        Reply::NothingToConfirm => "nothing-to-confirm",
        Reply::StaleButton => "stale-button",
        Reply::Stopped => "stopped",
        Reply::NothingToStop => "nothing-to-stop",
        Reply::TooLong => "too-long",
        Reply::Empty => "empty",
        Reply::Processing => "processing",
        Reply::Broken => "broken",
        Reply::NoSuchChoice { most } => {
            let most = u64::try_from(*most).unwrap_or(u64::MAX);
            return vec![Words::new("no-such-choice").count("most", most)];
        }
        Reply::With(remark, reply) => {
            let remark = match remark {
                Remark::Welcome { name } => named("remark-welcome", name),
                Remark::Dropped => Words::new("remark-dropped"),
            };
            let mut lines = vec![remark];
            let mut rest = words(reply, speech);
            if let Some(first) = rest.first_mut() {
                first.apart = true;
            }
            lines.append(&mut rest);
            return lines;
        }
        Reply::Trouble(words) => return vec![words.clone()],
        _ => "not-understood",
    };
    vec![Words::new(id)]
}

/// A group in a list of choices.
pub(in crate::conversation) fn group_detail(
    circle: &crate::view::CircleSummary,
    speech: &Speech,
) -> Words {
    named("group-choice", &circle.name)
        .text("amount", speech.money(circle.rules.contribution))
        .words("every", every(circle.rules.interval))
}
