//! Each reply's messages and their arguments.
use super::Speech;
use super::circle::{rules_text, status_text};
use super::money::{self, amount_problem};
use super::speech::{every, matter};
use super::{keys, member, offer, office};
use crate::conversation::phone::PhoneProblem;
use crate::conversation::reply::{Home, Remark, Reply};
use crate::conversation::words::Words;
use crate::view::{InvitationPreview, VoteView};

/// A reply, line by line.
pub(super) fn words(reply: &Reply, speech: &Speech) -> Vec<Words> {
    people(reply, speech)
        .or_else(|| money::money(reply, speech))
        .or_else(|| group(reply, speech))
        .or_else(|| money::paying(reply, speech))
        .or_else(|| member::reply(reply, speech))
        .or_else(|| offer::reply(reply, speech))
        .or_else(|| office::reply(reply))
        .or_else(|| keys::reply(reply, speech))
        .unwrap_or_else(|| answer(reply, speech))
}

pub(super) fn one(words: Words) -> Option<Vec<Words>> {
    Some(vec![words])
}

pub(super) fn named(id: &'static str, name: &str) -> Words {
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
        Home::Due { name, asset, amount, deadline } => named("home-due", name)
            .text("amount", speech.of(asset).money(*amount))
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

fn group(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    new_group(reply, speech).or_else(|| any_group(reply, speech))
}

fn new_group(reply: &Reply, speech: &Speech) -> Option<Vec<Words>> {
    match reply {
        Reply::AskGroupName => one(Words::new("ask-group-name")),
        Reply::BadGroupName => one(Words::new("bad-group-name")),
        Reply::AskAsset { name, assets, again } => {
            let mut lines = vec![named("ask-asset", name).flag("again", *again)];
            lines.extend(assets.iter().map(|allowed| {
                let line = Words::new("ask-asset-line").name("asset", &allowed.name);
                line.text("code", allowed.asset.code.clone())
            }));
            Some(lines)
        }
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
    let speech = &speech.of(&circle.asset);
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
        .text("amount", speech.of(&circle.asset).money(circle.rules.contribution))
        .words("every", every(circle.rules.interval))
}
