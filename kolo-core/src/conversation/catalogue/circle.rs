//! The two long texts: a circle's rules, and how it stands.
use kolo_rules::Rules;
use kolo_rules::circle::{Fee, Order, PayoutStatus, Phase, Premium, Security, Shortfall};

use super::Speech;
use super::speech::{date, every, matter};
use crate::circle::Office;
use crate::conversation::words::Words;
use crate::view::{CircleStage, CircleStatus, SeatView};
use crate::{MemberId, Timestamp};

/// All rules in plain words: what somebody accepts when they join.
pub(super) fn rules_text(rules: &Rules, rules_hash: &[u8; 32], speech: &Speech) -> Vec<Words> {
    let pot = rules.pot(rules.seats).map(|pot| speech.money(pot)).unwrap_or_default();
    let hash = data_encoding::HEXLOWER.encode(rules_hash);
    let mut lines = vec![
        Words::new("rules-pay")
            .text("amount", speech.money(rules.contribution))
            .words("every", every(rules.interval))
            .apart(),
        Words::new("rules-places").count("seats", rules.seats).count("min", rules.min_members),
        Words::new("rules-pot")
            .text("pot", pot)
            .count("payments", rules.instalments_per_round)
            .text(
                "order",
                match rules.order {
                    Order::Fixed => "fixed",
                    Order::Random => "drawn",
                    Order::Auction => "auction",
                    _ => "joining",
                },
            ),
        Words::new("rules-grace").count("hours", rules.grace_s / 3600),
        Words::new("rules-missing").text(
            "policy",
            match rules.shortfall {
                Shortfall::ShortPot => "short",
                Shortfall::Share => "share",
                _ => "wait",
            },
        ),
    ];
    lines.extend(options(rules, speech));
    lines.extend([
        Words::new("rules-advance").flag("advance", rules.advance).flag("partial", rules.partial),
        Words::new("rules-leaving"),
        Words::new("rules-closing"),
        Words::new("rules-custody"),
    ]);
    lines.push(Words::new("rules-number").text("number", hash.get(..8).unwrap_or_default()));
    lines
}

/// What not every group has: draw, auction, fee, deposit, insurance.
fn options(rules: &Rules, speech: &Speech) -> Vec<Words> {
    let mut lines = Vec::new();
    if rules.has_draw() {
        lines.push(Words::new("rules-draw").text("bond", speech.money(rules.bond)));
    }
    if rules.order == Order::Auction {
        lines.push(
            Words::new("rules-auction")
                .text("floor", percent(rules.bid_floor_bp))
                .text("step", percent(rules.bid_step_bp)),
        );
    }
    let fee = match rules.fee {
        Fee::Fixed(fee) => Some(speech.money(fee)),
        Fee::BasisPoints(part) => Some(percent(part)),
        _ => None,
    };
    lines.extend(fee.map(|fee| Words::new("rules-fee").text("fee", fee)));
    lines.extend(match rules.security {
        Security::Fixed(deposit) => Some(
            Words::new("rules-deposit").flag("fixed", true).text("deposit", speech.money(deposit)),
        ),
        Security::Exposure => {
            Some(Words::new("rules-deposit").flag("fixed", false).text("deposit", String::new()))
        }
        _ => None,
    });
    let premium = match rules.premium {
        Premium::PerInstalment(premium) => Some((premium, false)),
        Premium::Once(premium) => Some((premium, true)),
        _ => None,
    };
    lines.extend(premium.map(|(premium, once)| {
        Words::new("rules-insurance").text("premium", speech.money(premium)).flag("once", once)
    }));
    lines
}

/// `98.5%`.
fn percent(basis_points: u16) -> String {
    let (whole, part) = (basis_points / 100, basis_points % 100);
    match part {
        0 => format!("{whole}%"),
        part if part % 10 == 0 => format!("{whole}.{}%", part / 10),
        part => format!("{whole}.{part:02}%"),
    }
}

/// The most members listed one by one.
const LISTED: usize = 24;

/// So many who wait are named; of more, how many they are.
const NAMED: usize = 3;

/// GROUP STATUS.
pub(super) fn status_text(status: &CircleStatus, me: MemberId, speech: &Speech) -> Vec<Words> {
    let summary = &status.summary;
    let phase = match summary.stage {
        CircleStage::OnChain(phase) => phase,
        CircleStage::Creating => return vec![Words::new("creating").name("name", &summary.name)],
        CircleStage::Foreign => return vec![Words::new("other-code").name("name", &summary.name)],
        CircleStage::Failed => {
            return vec![Words::new("creation-failed").name("name", &summary.name)];
        }
    };
    let mut lines = vec![
        Words::new("status").name("name", &summary.name).text("phase", phase_name(phase)),
        Words::new("status-terms")
            .text("amount", speech.money(summary.rules.contribution))
            .words("every", every(summary.rules.interval))
            .count("members", summary.members)
            .count("seats", summary.rules.seats),
    ];
    if phase == Phase::Active {
        lines.extend(round(status, speech));
    }
    if let Some(until) = status.ready_until {
        lines.push(Words::new("status-ready").text("until", speech.date(until)));
    }
    for (number, seat) in status.seats.iter().take(LISTED).enumerate() {
        let line = member(seat, status, phase, me, speech);
        lines.push(if number == 0 { line.apart() } else { line });
    }
    if let Some(more) = status.seats.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(
            Words::new("status-more").count("count", u64::try_from(more).unwrap_or_default()),
        );
    }
    lines.extend(vault(status, phase, speech));
    lines
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Forming => "forming",
        Phase::Active => "active",
        Phase::Completed => "completed",
        Phase::Dissolved => "dissolved",
        Phase::Committing | Phase::Revealing => "drawing",
        Phase::Securing => "securing",
        _ => "cancelled",
    }
}

fn round(status: &CircleStatus, speech: &Speech) -> Vec<Words> {
    let offset = status.summary.rules.utc_offset_s;
    let day = |at: Timestamp| date(at, offset);
    let mut lines = vec![
        Words::new("status-round")
            .count("round", status.round)
            .count("rounds", status.rounds)
            .text("pot", speech.money(status.pot))
            .text("full", speech.money(status.full_pot)),
    ];
    let name_of = |seat: u8| {
        status.seats.get(usize::from(seat)).map_or("?", |seat| seat.name.as_str()).to_owned()
    };
    let when = match status.next_payout {
        PayoutStatus::Ready { seat, .. } => Some((seat, "now", String::new())),
        PayoutStatus::NotBefore { seat, at, .. } => {
            Some((seat, "date", day(Timestamp::from_unix(at))))
        }
        PayoutStatus::Waiting { seat, at, .. } => {
            Some((seat, "waiting", day(Timestamp::from_unix(at))))
        }
        _ => None,
    };
    if let Some((seat, state, at)) = when {
        let planned = status.payout_date.map(day).unwrap_or_default();
        lines.push(
            Words::new("status-next")
                .name("recipient", &name_of(seat))
                .text("state", state)
                .text("planned", planned)
                .text("at", at),
        );
    }
    if let Some(deadline) = status.deadline {
        lines.push(Words::new("status-deadline").text("deadline", day(deadline)));
    }
    lines
}

fn member(
    seat: &SeatView,
    status: &CircleStatus,
    phase: Phase,
    me: MemberId,
    speech: &Speech,
) -> Words {
    let m = status.summary.rules.instalments_per_round;
    let state = if phase != Phase::Active {
        "none"
    } else if seat.pending {
        "on-its-way"
    } else if seat.instalments >= m {
        "paid"
    } else if seat.is_late {
        "late"
    } else {
        "due"
    };
    let is_recipient = phase == Phase::Active
        && match status.next_payout {
            PayoutStatus::Ready { seat: next, .. }
            | PayoutStatus::NotBefore { seat: next, .. }
            | PayoutStatus::Waiting { seat: next, .. } => {
                status.seats.get(usize::from(next)).is_some_and(|next| next.turn == seat.turn)
            }
            _ => false,
        };
    let office = seat.member.and_then(|member| status.summary.office_of(member));
    let office = office.map_or("none", Office::as_str);
    Words::new("status-member")
        .count("turn", seat.turn)
        .name("name", &seat.name)
        .flag("you", seat.member == Some(me))
        .text("office", office)
        .text("state", state)
        .text(
            "pot",
            if seat.paid_out {
                "received"
            } else if is_recipient {
                "next"
            } else {
                "none"
            },
        )
        .flag("owes", seat.debt.is_positive())
        .text("debt", speech.money(seat.debt))
        .flag("fined", seat.fees.is_positive())
        .text("fees", speech.money(seat.fees))
        .flag("leaving", seat.leaves_after != 0)
        .flag("kept", seat.credit.is_positive())
        .text("credit", speech.money(seat.credit))
}

fn vault(status: &CircleStatus, phase: Phase, speech: &Speech) -> Vec<Words> {
    let mut lines = vec![match status.vault_on_chain {
        Some(chain) if chain == status.vault => {
            Words::new("status-vault").text("vault", speech.money(status.vault)).apart()
        }
        Some(chain) => Words::new("status-vault-differs")
            .text("vault", speech.money(status.vault))
            .text("chain", speech.money(chain))
            .apart(),
        None => Words::new("status-vault-silent").text("vault", speech.money(status.vault)).apart(),
    }];
    if let Some((seat, amount)) = status.bid {
        let who = status.seats.get(usize::from(seat)).map_or("?", |seat| seat.name.as_str());
        let bid = Words::new("status-bid").name("who", who).text("amount", speech.money(amount));
        lines.push(bid);
    }
    for (id, amount) in [("status-reserve", status.reserve), ("status-insurance", status.insurance)]
    {
        if amount.is_positive() {
            lines.push(Words::new(id).text("amount", speech.money(amount)));
        }
    }
    if status.requests.len() > NAMED {
        let count = u64::try_from(status.requests.len()).unwrap_or_default();
        lines.push(Words::new("status-requests").count("count", count));
    } else {
        let asks = |name: &str| Words::new("status-request").name("who", name);
        lines.extend(status.requests.iter().map(|waiting| asks(&waiting.name)));
    }
    for vote in status.votes.iter().filter(|_| phase == Phase::Active) {
        lines.push(
            Words::new("status-vote")
                .words(
                    "matter",
                    matter(&status.summary.name, vote.on, &vote.about, vote.newcomer.as_ref()),
                )
                .count("number", vote.proposal)
                .count("yes", vote.yes)
                .count("no", vote.no)
                .count("electorate", vote.electorate)
                .text("until", date(vote.expires_at, status.summary.rules.utc_offset_s)),
        );
    }
    lines
}
