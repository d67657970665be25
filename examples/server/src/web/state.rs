//! What the page shows, as JSON.
use kolo_core::port::Clock;
use kolo_core::view::{
    CircleStage, CircleStatus, ContributionRow, ContributionTable, MemberView, SeatView,
};
use kolo_core::{Amount, Asset, CircleId, Error, Timestamp};
use kolo_rules::circle::{PayoutStatus, Phase};
use serde_json::{Value, json};

use crate::chat::Phone;
use crate::demo::spell;
use crate::stack::Stack;

/// Circles shown.
pub(super) const MOST_CIRCLES: usize = 50;

/// Everything on the page.
pub(super) async fn of(stack: &Stack) -> Result<Value, Error> {
    let mut phones = Vec::new();
    for phone in stack.chat.phones() {
        phones.push(phone_state(stack, &phone).await?);
    }
    let mut circles = Vec::new();
    for circle in stack.kolo.circles().list(None, MOST_CIRCLES).await? {
        circles.push(circle_state(stack, &stack.kolo.circles().status(circle.id).await?).await?);
    }
    let now = stack.clock.now();
    Ok(json!({
        "clock": { "now": now, "text": spell(now) },
        "asset": stack.kolo.asset().code,
        "phones": phones,
        "circles": circles,
        "transactions": super::tx::recent(stack).await,
    }))
}

async fn phone_state(stack: &Stack, phone: &Phone) -> Result<Value, Error> {
    let messages: Vec<_> = stack
        .chat
        .said(&phone.number)
        .into_iter()
        .map(|bubble| {
            json!({
                "id": bubble.id,
                "mine": bubble.mine,
                "text": bubble.text,
                "buttons": bubble.buttons,
                "at": bubble.at,
                "time": spell(bubble.at),
            })
        })
        .collect();
    let member = stack.kolo.members().by_contact(&phone.contact()).await?;
    Ok(json!({
        "number": phone.number,
        "name": phone.name,
        "messages": messages,
        "wallet": match member {
            Some(member) => wallet_state(stack, &member).await?,
            None => Value::Null,
        },
    }))
}

async fn wallet_state(stack: &Stack, member: &MemberView) -> Result<Value, Error> {
    let wallet = stack.kolo.wallets().balance(member.id).await?;
    let asset = &wallet.asset;
    Ok(json!({
        "address": member.address.0,
        "books": text(wallet.settled, asset),
        "available": text(wallet.available, asset),
        "chain": wallet.on_chain.map(|amount| text(amount, asset)),
        "agree": wallet.on_chain == Some(wallet.settled),
    }))
}

async fn circle_state(stack: &Stack, status: &CircleStatus) -> Result<Value, Error> {
    let asset = &status.summary.asset;
    let mut members = Vec::new();
    for seat in &status.seats {
        members.push(seat_state(stack, status, seat).await?);
    }
    Ok(json!({
        "id": status.summary.id,
        "name": status.summary.name,
        "address": status.summary.address.0,
        "stage": stage(status.summary.stage),
        "seats": status.summary.rules.seats,
        "contribution": text(status.summary.rules.contribution, asset),
        "round": status.round,
        "rounds": status.rounds,
        "pot": text(status.pot, asset),
        "full_pot": text(status.full_pot, asset),
        "payout_date": status.payout_date.map(spell),
        "vault_books": text(status.vault, asset),
        "vault_chain": status.vault_on_chain.map(|amount| text(amount, asset)),
        "agree": status.vault_on_chain == Some(status.vault),
        "members": members,
        "contributed": status.seats.iter().any(|seat| seat.paid.is_positive()),
    }))
}

/// Who paid what for which round: read through the whole journal of a circle, so only when asked for.
pub(super) async fn contributions(stack: &Stack, circle: CircleId) -> Result<Value, Error> {
    let table = stack.kolo.circles().contributions(circle).await?;
    Ok(json!({ "rows": contribution_rows(&table, stack.kolo.asset()) }))
}

fn contribution_rows(table: &ContributionTable, asset: &Asset) -> Vec<Value> {
    let row = |row: &ContributionRow| {
        let cell = |paid: &Amount| if paid.is_zero() { String::new() } else { text(*paid, asset) };
        let by_round: Vec<_> = row.by_round.iter().map(cell).collect();
        json!({ "name": row.name, "by_round": by_round, "total": text(row.total, asset) })
    };
    table.rows.iter().map(row).collect()
}

async fn seat_state(stack: &Stack, status: &CircleStatus, seat: &SeatView) -> Result<Value, Error> {
    let asset = &status.summary.asset;
    let wallet = match seat.member {
        Some(id) => wallet_state(stack, &stack.kolo.members().get(id).await?).await?,
        None => Value::Null,
    };
    Ok(json!({
        "name": seat.name,
        "turn": seat.turn,
        "paid": text(seat.paid, asset),
        "received": text(seat.received, asset),
        "paid_out": seat.paid_out,
        "this_round": this_round(status, seat),
        "debt": text(seat.debt, asset),
        "wallet": wallet,
    }))
}

/// In words: no colour or sign alone carries it.
fn this_round(status: &CircleStatus, seat: &SeatView) -> &'static str {
    if !matches!(status.summary.stage, CircleStage::OnChain(Phase::Active)) {
        return "";
    }
    if seat.pending {
        "on its way"
    } else if seat.instalments >= status.summary.rules.instalments_per_round {
        "paid"
    } else if seat.is_late {
        "not in yet, past grace"
    } else {
        "to pay"
    }
}

fn stage(stage: CircleStage) -> &'static str {
    match stage {
        CircleStage::Creating => "being created",
        CircleStage::Failed => "could not be created",
        CircleStage::Foreign => "of other code",
        CircleStage::OnChain(Phase::Forming) => "waiting for members",
        CircleStage::OnChain(Phase::Active) => "active",
        CircleStage::OnChain(Phase::Completed) => "completed",
        CircleStage::OnChain(Phase::Dissolved) => "dissolved",
        CircleStage::OnChain(Phase::Cancelled) => "cancelled",
        _ => "unknown",
    }
}

/// When a held-up payout will be let go.
pub(super) fn retry_date(status: &CircleStatus) -> Option<Timestamp> {
    match status.next_payout {
        PayoutStatus::Waiting { at, .. } => Some(Timestamp::from_unix(at).plus(1)),
        _ => None,
    }
}

fn text(amount: Amount, asset: &Asset) -> String {
    amount.display(asset.decimals, 2).to_string()
}
