//! Events in the domain's words: read by the specification the contracts' wasm carries (`spec.rs`), then
//! given the names of the domain. What does not fit is kept raw, never dropped and never an error: anyone
//! can emit events with our names.
use kolo_core::Timestamp;
use kolo_core::port::chain::{ChainAddress, ChainEvent, ChainEventBody, CircleChainEvent};
use kolo_core::port::vault::PublicKey;
use kolo_rules::circle::{Motion, Phase};
use kolo_rules::{Amount, Rules};
use stellar_xdr::{ContractId, ReadXdr, ScVal};

use super::spec::Fields;
use crate::address::{contract_address, sha256};
use crate::config::{KnownAsset, Network};
use crate::rpc::{EventInfo, RpcError, XDR_LIMITS};
use crate::scval::{
    as_address, as_addresses, as_amount, as_bool, as_bytes, as_hash, as_key, as_map,
    as_option_address, as_option_u8, as_symbol, as_time, as_u8, as_u32, as_variant, field,
};

/// The factory's announcement; all other events of the specification are circles'.
pub(super) const GROUP_CREATED: &str = "group_created";

pub(super) fn event(network: &Network, info: &EventInfo) -> Result<ChainEvent, RpcError> {
    let closed_at = rfc3339(&info.ledger_closed_at).ok_or_else(|| RpcError::Malformed {
        method: "getEvents",
        detail: format!("{} is no time", info.ledger_closed_at),
    })?;
    Ok(ChainEvent {
        id: info.id.clone(),
        ledger: info.ledger,
        closed_at,
        tx: info.tx_hash.clone(),
        body: body(network, info).unwrap_or_else(|| raw(network, info)),
    })
}

/// `topic,topic… value`, as the node gave them.
fn raw(network: &Network, info: &EventInfo) -> ChainEventBody {
    let contract = info.contract_id.parse::<ContractId>();
    let ours = contract.is_ok_and(|contract| {
        contract == network.factory || network.asset_by_contract(&contract).is_some()
    });
    ChainEventBody::Unknown {
        contract: ChainAddress(info.contract_id.clone()),
        ours,
        raw: format!("{} {}", info.topic.join(","), info.value),
    }
}

fn body(network: &Network, info: &EventInfo) -> Option<ChainEventBody> {
    let contract: ContractId = info.contract_id.parse().ok()?;
    let topics: Vec<ScVal> = info
        .topic
        .iter()
        .map(|text| ScVal::from_xdr_base64(text, XDR_LIMITS).ok())
        .collect::<Option<_>>()?;
    let data = ScVal::from_xdr_base64(&info.value, XDR_LIMITS).ok()?;
    let (name, topics) = topics.split_first()?;
    let name = as_symbol(name)?;
    if contract == network.factory {
        return group_created(network, &name, topics, &data);
    }
    if let Some(asset) = network.asset_by_contract(&contract) {
        return transfer(asset, &name, topics, &data);
    }
    let fields = Fields::of(&name, topics, &data)?;
    Some(ChainEventBody::Circle {
        circle: contract_address(&contract),
        event: circle(&name, &fields)?,
    })
}

fn group_created(
    network: &Network,
    name: &str,
    topics: &[ScVal],
    data: &ScVal,
) -> Option<ChainEventBody> {
    if name != GROUP_CREATED {
        return None;
    }
    let fields = Fields::of(name, topics, data)?;
    let rules = as_bytes(fields.get("rules")?)?;
    let hash = as_bytes(fields.get("rules_hash")?)?;
    let rules_decoded = Rules::decode(rules).ok()?;
    let known = network.assets.iter().any(|a| a.contract.0.0 == rules_decoded.asset);
    if hash != sha256(rules) || !known {
        return None;
    }
    Some(ChainEventBody::GroupCreated {
        circle: as_address(fields.get("circle")?)?,
        organiser: as_address(fields.get("organiser")?)?,
        rules: rules_decoded,
    })
}

/// Both forms of the asset contract's events: the one with the admin in topic 1 of `mint` and
/// `clawback` (before protocol 23) and the one without; the amount alone, or in a map beside the
/// muxed id.
fn transfer(
    asset: &KnownAsset,
    name: &str,
    topics: &[ScVal],
    data: &ScVal,
) -> Option<ChainEventBody> {
    let (from, to) = match (name, topics) {
        ("transfer", [from, to, _]) => (Some(from), Some(to)),
        ("mint", [to, _] | [_, to, _]) => (None, Some(to)),
        ("burn", [from, _]) | ("clawback", [from, _] | [_, from, _]) => (Some(from), None),
        _ => return None,
    };
    let address = |topic: Option<&ScVal>| match topic {
        Some(value) => as_address(value).map(Some),
        None => Some(None),
    };
    Some(ChainEventBody::Transfer {
        asset: asset.asset.clone(),
        from: address(from)?,
        to: address(to)?,
        amount: moved(data)?,
    })
}

fn moved(data: &ScVal) -> Option<Amount> {
    match as_map(data) {
        Some(map) => as_amount(field(map, "amount")?),
        None => as_amount(data),
    }
}

/// What it means here; `None`: the contracts know it, this version does not.
fn circle(name: &str, fields: &Fields<'_>) -> Option<CircleChainEvent> {
    of_circle(name, fields)
        .or_else(|| before_the_first_round(name, fields))
        .or_else(|| of_money(name, fields))
        .or_else(|| of_member(name, fields))
        .or_else(|| between_members(name, fields))
}

fn of_circle(name: &str, fields: &Fields<'_>) -> Option<CircleChainEvent> {
    use CircleChainEvent as E;
    let get = |name| fields.get(name);
    Some(match name {
        "invitation_added" => {
            let (key, address) = invitation(get("invitation")?)?;
            E::InvitationAdded {
                key,
                address,
                turn: as_option_u8(get("turn")?)?,
                expires_at: as_time(get("expires_at")?)?,
            }
        }
        "invitation_revoked" => {
            let (key, address) = invitation(get("invitation")?)?;
            E::InvitationRevoked { key, address }
        }
        "group_started" => E::GroupStarted {
            started_at: as_time(get("started_at")?)?,
            order: as_addresses(get("order")?)?,
        },
        "getting_ready" => E::GettingReady { phase: as_phase(get("phase")?)? },
        "order_drawn" => E::OrderDrawn { seed: as_hash(get("seed")?)? },
        "setup_expired" => E::SetupExpired { phase: as_phase(get("phase")?)? },
        "proposal_rejected" => E::ProposalRejected { proposal: as_u32(get("proposal")?)? },
        "group_closed" => E::GroupClosed { reason: as_u32(get("reason")?)? },
        "upgraded" => E::Upgraded { wasm: as_hash(get("wasm")?)? },
        "synced" => E::Synced {
            surplus: as_amount(get("surplus")?)?,
            shortfall: as_amount(get("shortfall")?)?,
        },
        _ => return None,
    })
}

fn before_the_first_round(name: &str, fields: &Fields<'_>) -> Option<CircleChainEvent> {
    use CircleChainEvent as E;
    let get = |name| fields.get(name);
    let member = as_address(get("member")?)?;
    Some(match name {
        "join_requested" => E::JoinRequested { member },
        "join_rejected" => E::JoinRejected { member },
        "participant_joined" => {
            E::ParticipantJoined { member, seat: as_u8(get("seat")?)?, turn: as_u8(get("turn")?)? }
        }
        "participant_left" => E::ParticipantLeft { member, removed: as_bool(get("removed")?)? },
        "draw_committed" => E::DrawCommitted { member, commitment: as_hash(get("commitment")?)? },
        "draw_revealed" => E::DrawRevealed { member, secret: as_hash(get("secret")?)? },
        "deposit_made" => E::DepositMade { member, amount: as_amount(get("amount")?)? },
        _ => return None,
    })
}

fn of_money(name: &str, fields: &Fields<'_>) -> Option<CircleChainEvent> {
    use CircleChainEvent as E;
    let get = |name| fields.get(name);
    let member = || as_address(get("member")?);
    let amount = || as_amount(get("amount")?);
    let round = || as_u8(get("round")?);
    Some(match name {
        "contribution_made" => E::ContributionMade {
            member: member()?,
            round: round()?,
            amount: amount()?,
            late: as_bool(get("late")?)?,
        },
        "payout_made" => E::PayoutMade {
            recipient: as_address(get("recipient")?)?,
            round: round()?,
            amount: amount()?,
            credited: as_bool(get("credited")?)?,
        },
        "credit_pushed" => E::CreditPushed { member: member()?, amount: amount()? },
        "debt_repaid" => E::DebtRepaid {
            member: member()?,
            amount: amount()?,
            credited: as_addresses(get("credited")?)?,
        },
        "bid_made" => E::BidMade { member: member()?, round: round()?, amount: amount()? },
        "insurance_claimed" => E::InsuranceClaimed {
            member: member()?,
            round: round()?,
            defaulter: as_address(get("defaulter")?)?,
            amount: amount()?,
        },
        "refund_claimed" => E::RefundClaimed { member: member()?, amount: amount()? },
        _ => return None,
    })
}

fn of_member(name: &str, fields: &Fields<'_>) -> Option<CircleChainEvent> {
    use CircleChainEvent as E;
    let get = |name| fields.get(name);
    let member = as_address(get("member")?)?;
    let proposal = || as_u32(get("proposal")?);
    Some(match name {
        "proposal_made" => E::ProposalMade {
            member,
            proposal: proposal()?,
            motion: as_motion(get("motion")?)?,
            subject: as_option_address(get("subject")?)?,
            newcomer: as_option_address(get("newcomer")?)?,
            electorate: as_u32(get("electorate")?)?,
            expires_at: as_time(get("expires_at")?)?,
        },
        "vote_cast" => {
            E::VoteCast { member, proposal: proposal()?, approve: as_bool(get("approve")?)? }
        }
        "exit_announced" => E::ExitAnnounced { member },
        "member_expelled" => E::MemberExpelled { member },
        "move_objected" => E::MoveObjected { member },
        "upgrade_signed" => E::UpgradeSigned { member, wasm: as_hash(get("wasm")?)? },
        _ => return None,
    })
}

fn between_members(name: &str, fields: &Fields<'_>) -> Option<CircleChainEvent> {
    use CircleChainEvent as E;
    let who = |name| as_address(fields.get(name)?);
    let amount = |name| as_amount(fields.get(name)?);
    Some(match name {
        "turns_swapped" => {
            E::TurnsSwapped { a: who("a")?, b: who("b")?, deposit: amount("deposit")? }
        }
        "seat_sold" => E::SeatSold {
            leaver: who("leaver")?,
            newcomer: who("newcomer")?,
            price: amount("price")?,
            deposit: amount("deposit")?,
        },
        "seat_moved" => E::SeatMoved { from: who("from")?, to: who("to")? },
        _ => return None,
    })
}

/// A phase by its number.
fn as_phase(value: &ScVal) -> Option<Phase> {
    Phase::ALL.get(usize::from(as_u8(value)?)).copied()
}

/// A motion by its number.
fn as_motion(value: &ScVal) -> Option<Motion> {
    Motion::ALL.get(usize::from(as_u8(value)?)).copied()
}

/// A key or an address, exactly one of them.
fn invitation(value: &ScVal) -> Option<(Option<PublicKey>, Option<ChainAddress>)> {
    let (name, held) = as_variant(value)?;
    match name.as_str() {
        "Key" => Some((Some(as_key(held?)?), None)),
        "Address" => Some((None, Some(as_address(held?)?))),
        _ => None,
    }
}

/// `2026-11-21T12:00:00Z`: how nodes write close times.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = three(date, '-')?;
    let [hour, minute, second] = three(time, ':')?;
    let valid = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !valid {
        return None;
    }
    let seconds = days_since_epoch(year, month, day)?
        .checked_mul(86_400)?
        .checked_add(hour * 3600 + minute * 60 + second)?;
    Some(Timestamp::from_unix(seconds))
}

fn three(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(str::parse);
    let found = [parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?];
    parts.next().is_none().then_some(found)
}

/// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that the leap day
/// is the last of its year.
fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month > 2 {
        (year, month.checked_sub(3)?)
    } else {
        (year.checked_sub(1)?, month.checked_add(9)?)
    };
    let days = year.checked_mul(365)? + year / 4 - year / 100 + year / 400;
    let of_year = month.checked_mul(153)?.checked_add(2)? / 5;
    // 719 468 days from 0000-03-01 to 1970-01-01; days are counted from one.
    days.checked_add(of_year)?.checked_add(day)?.checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_times_are_unix_seconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2024-03-01T00:00:00Z", 1_709_251_200),
            ("2026-11-21T12:11:38Z", 1_795_263_098),
        ] {
            assert_eq!(rfc3339(text), Some(Timestamp::from_unix(seconds)), "{text}");
        }
        for text in [
            "",
            "2026-11-21",
            "2026-13-01T00:00:00Z",
            "2026-11-21T12:11:38+01:00",
            "2026-11-21T18446744073709551615:00:00Z",
            "18446744073709551615-01-01T00:00:00Z",
            "x",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }
}
