//! The two long texts: a circle's rules, and how it stands.
use kolo_rules::Rules;
use kolo_rules::circle::{Order, PayoutStatus, Phase, Shortfall};

use super::Speech;
use super::speech::{date, every};
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
                    _ => "joining",
                },
            ),
        Words::new("rules-grace").count("hours", rules.grace_s / 3600),
        Words::new("rules-missing").text(
            "policy",
            match rules.shortfall {
                Shortfall::ShortPot => "short",
                _ => "wait",
            },
        ),
        Words::new("rules-advance").flag("advance", rules.advance),
        Words::new("rules-closing"),
        Words::new("rules-custody"),
    ];
    lines.push(Words::new("rules-number").text("number", hash.get(..8).unwrap_or_default()));
    lines
}

/// The most members listed one by one.
const LISTED: usize = 24;

/// GROUP STATUS.
pub(super) fn status_text(status: &CircleStatus, me: MemberId, speech: &Speech) -> Vec<Words> {
    let summary = &status.summary;
    let phase = match summary.stage {
        CircleStage::OnChain(phase) => phase,
        CircleStage::Creating => return vec![Words::new("creating").name("name", &summary.name)],
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
    Words::new("status-member")
        .count("turn", seat.turn)
        .name("name", &seat.name)
        .flag("you", seat.member == Some(me))
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
    if let Some(vote) = status.vote.filter(|_| phase == Phase::Active) {
        lines.push(
            Words::new("status-vote")
                .count("yes", vote.yes)
                .count("no", vote.no)
                .count("electorate", vote.electorate)
                .text("until", date(vote.expires_at, status.summary.rules.utc_offset_s)),
        );
    }
    lines
}
