//! What is said on the chain, in the domain's words: every event in the form the contracts give it, and
//! no other.
use std::collections::BTreeSet;

use kolo_core::Timestamp;
use kolo_core::events::EventKind;
use kolo_core::port::chain::{ChainEventBody, CircleChainEvent};
use kolo_rules::circle::{Motion, Phase};
use kolo_rules::{Amount, Rules};
use stellar_xdr::{
    Limits, ReadXdr, ScSpecEventParamLocationV0, ScSpecEventV0, ScSpecTypeDef, ScVal,
};

use super::events::*;
use super::node::{Node, xdr};
use super::world::*;
use crate::address::sha256;
use crate::events::spec;

/// A name, whether the member (2) is in the topics, the data, and what it is to be understood as.
type Sample = (&'static str, bool, ScVal, CircleChainEvent);

async fn are_decoded(samples: Vec<Sample>) {
    for (name, of_member, data, expected) in samples {
        let mut topics = vec![sym(name)];
        topics.extend(of_member.then(|| who(2)));
        let body = decoded(event(&contract(50).0, &topics, &data)).await;
        let expected = ChainEventBody::Circle { circle: contract(50), event: expected };
        assert_eq!(body, expected, "{name}");
        // The same name with other contents is kept raw.
        let odd = decoded(event(&contract(50).0, &topics, &map(&[]))).await;
        assert!(matches!(odd, ChainEventBody::Unknown { .. }), "{name}");
    }
}

#[tokio::test]
async fn who_comes_and_goes_is_decoded() {
    use CircleChainEvent as E;
    let (member, u) = (address(2), ScVal::U32);
    let key =
        crate::scval::variant("Key", Some(crate::scval::bytes(&public(5).0).unwrap())).unwrap();
    let by_address = crate::scval::variant("Address", Some(who(3))).unwrap();
    let (yes, time) = (ScVal::Bool(true), |t: u64| ScVal::U64(t));
    are_decoded(vec![
        (
            "invitation_added",
            false,
            map(&[("invitation", key.clone()), ("turn", u(2)), ("expires_at", time(9))]),
            E::InvitationAdded {
                key: Some(public(5)),
                address: None,
                turn: Some(2),
                expires_at: Timestamp::from_unix(9),
            },
        ),
        (
            "invitation_added",
            false,
            map(&[("invitation", by_address), ("turn", ScVal::Void), ("expires_at", time(9))]),
            E::InvitationAdded {
                key: None,
                address: Some(address(3)),
                turn: None,
                expires_at: Timestamp::from_unix(9),
            },
        ),
        (
            "invitation_revoked",
            false,
            map(&[("invitation", key)]),
            E::InvitationRevoked { key: Some(public(5)), address: None },
        ),
        (
            "participant_joined",
            true,
            map(&[("seat", u(1)), ("turn", u(0))]),
            E::ParticipantJoined { member: member.clone(), seat: 1, turn: 0 },
        ),
        (
            "participant_left",
            true,
            map(&[("removed", yes)]),
            E::ParticipantLeft { member: member.clone(), removed: true },
        ),
        (
            "group_started",
            false,
            map(&[("started_at", time(5)), ("order", vec(&[who(1), who(2)]))]),
            E::GroupStarted {
                started_at: Timestamp::from_unix(5),
                order: vec![address(1), address(2)],
            },
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_paid_is_decoded() {
    use CircleChainEvent as E;
    let (member, seven, u) = (address(2), Amount::new(7), ScVal::U32);
    let seven_val: ScVal = 7_i128.into();
    let yes = ScVal::Bool(true);
    are_decoded(vec![
        (
            "contribution_made",
            true,
            map(&[("round", u(3)), ("amount", seven_val.clone()), ("late", yes.clone())]),
            E::ContributionMade { member: member.clone(), round: 3, amount: seven, late: true },
        ),
        (
            "payout_made",
            true,
            map(&[("round", u(3)), ("amount", seven_val.clone()), ("credited", yes.clone())]),
            E::PayoutMade { recipient: member.clone(), round: 3, amount: seven, credited: true },
        ),
        (
            "credit_pushed",
            true,
            map(&[("amount", seven_val.clone())]),
            E::CreditPushed { member: member.clone(), amount: seven },
        ),
        (
            "debt_repaid",
            true,
            map(&[("amount", seven_val.clone()), ("credited", vec(&[who(3)]))]),
            E::DebtRepaid { member: member.clone(), amount: seven, credited: vec![address(3)] },
        ),
        (
            "refund_claimed",
            true,
            map(&[("amount", seven_val.clone())]),
            E::RefundClaimed { member, amount: seven },
        ),
        (
            "synced",
            false,
            map(&[("surplus", seven_val), ("shortfall", 0_i128.into())]),
            E::Synced { surplus: seven, shortfall: Amount::ZERO },
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_decided_is_decoded() {
    use CircleChainEvent as E;
    let (member, u) = (address(2), ScVal::U32);
    let (yes, time) = (ScVal::Bool(true), |t: u64| ScVal::U64(t));
    are_decoded(vec![
        (
            "proposal_made",
            true,
            map(&[
                ("proposal", u(1)),
                ("motion", u(2)),
                ("subject", who(3)),
                ("newcomer", who(4)),
                ("electorate", u(3)),
                ("expires_at", time(8)),
            ]),
            E::ProposalMade {
                member: member.clone(),
                proposal: 1,
                motion: Motion::Replace,
                subject: Some(address(3)),
                newcomer: Some(address(4)),
                electorate: 3,
                expires_at: Timestamp::from_unix(8),
            },
        ),
        (
            "vote_cast",
            true,
            map(&[("proposal", u(1)), ("approve", yes)]),
            E::VoteCast { member: member.clone(), proposal: 1, approve: true },
        ),
        (
            "proposal_rejected",
            false,
            map(&[("proposal", u(1))]),
            E::ProposalRejected { proposal: 1 },
        ),
        ("group_closed", false, map(&[("reason", u(2))]), E::GroupClosed { reason: 2 }),
    ])
    .await;
}

#[tokio::test]
async fn what_happens_before_the_first_round_is_decoded() {
    use CircleChainEvent as E;
    let member = address(2);
    let (seven, bytes) = (Amount::new(7), |n| crate::scval::bytes(&[n; 32]).unwrap());
    let securing = map(&[("phase", ScVal::U32(7))]);
    for (name, of_member, data, expected) in [
        ("join_requested", true, map(&[]), E::JoinRequested { member: member.clone() }),
        ("join_rejected", true, map(&[]), E::JoinRejected { member: member.clone() }),
        ("getting_ready", false, securing.clone(), E::GettingReady { phase: Phase::Securing }),
        (
            "draw_committed",
            true,
            map(&[("commitment", bytes(1))]),
            E::DrawCommitted { member: member.clone(), commitment: [1; 32] },
        ),
        (
            "draw_revealed",
            true,
            map(&[("secret", bytes(2))]),
            E::DrawRevealed { member: member.clone(), secret: [2; 32] },
        ),
        ("order_drawn", false, map(&[("seed", bytes(3))]), E::OrderDrawn { seed: [3; 32] }),
        (
            "deposit_made",
            true,
            map(&[("amount", 7_i128.into())]),
            E::DepositMade { member, amount: seven },
        ),
        ("setup_expired", false, securing, E::SetupExpired { phase: Phase::Securing }),
    ] {
        assert_eq!(said(name, if of_member { &[2] } else { &[] }, &data).await, expected);
    }
}

#[tokio::test]
async fn what_members_do_while_it_runs_is_decoded() {
    use CircleChainEvent as E;
    let (member, seven) = (address(2), Amount::new(7));
    let (amount, round) = (ScVal::from(7_i128), ScVal::U32(3));
    let bid = map(&[("round", round.clone()), ("amount", amount.clone())]);
    let claimed = map(&[("round", round), ("defaulter", who(4)), ("amount", amount.clone())]);
    let sold = map(&[("price", ScVal::from(-7_i128)), ("deposit", amount.clone())]);
    for (name, members, data, expected) in [
        ("bid_made", vec![2], bid, E::BidMade { member: member.clone(), round: 3, amount: seven }),
        (
            "insurance_claimed",
            vec![2],
            claimed,
            E::InsuranceClaimed {
                member: member.clone(),
                round: 3,
                defaulter: address(4),
                amount: seven,
            },
        ),
        (
            "turns_swapped",
            vec![2, 3],
            map(&[("deposit", amount)]),
            E::TurnsSwapped { a: member.clone(), b: address(3), deposit: seven },
        ),
        ("exit_announced", vec![2], map(&[]), E::ExitAnnounced { member: member.clone() }),
        ("member_expelled", vec![2], map(&[]), E::MemberExpelled { member: member.clone() }),
        (
            "seat_sold",
            vec![2, 3],
            sold,
            E::SeatSold {
                leaver: member.clone(),
                newcomer: address(3),
                price: Amount::new(-7),
                deposit: seven,
            },
        ),
        ("seat_moved", vec![2, 3], map(&[]), E::SeatMoved { from: member.clone(), to: address(3) }),
        ("move_objected", vec![2], map(&[]), E::MoveObjected { member }),
    ] {
        assert_eq!(said(name, &members, &data).await, expected);
    }
}

/// A circle's event with members in its topics.
async fn said(name: &str, members: &[u8], data: &ScVal) -> CircleChainEvent {
    let mut topics = vec![sym(name)];
    topics.extend(members.iter().map(|member| who(*member)));
    match decoded(event(&contract(50).0, &topics, data)).await {
        ChainEventBody::Circle { event, .. } => event,
        other => panic!("{name}: {other:?}"),
    }
}

/// A value of a type that events have.
fn sample(of: &ScSpecTypeDef) -> ScVal {
    use ScSpecTypeDef as T;
    match of {
        T::Bool => ScVal::Bool(true),
        T::U32 => ScVal::U32(1),
        T::U64 => ScVal::U64(9),
        T::I128 => 7_i128.into(),
        T::Address => who(2),
        T::BytesN(of) => crate::scval::bytes(&vec![5; usize::try_from(of.n).unwrap()]).unwrap(),
        T::Option(of) => sample(&of.value_type),
        T::Vec(of) => vec(&[sample(&of.element_type)]),
        T::Udt(_) => crate::scval::variant("Address", Some(who(3))).unwrap(),
        other => panic!("no event has {other:?}"),
    }
}

/// Of another type than any event's field has.
fn odd() -> ScVal {
    ScVal::Duration(stellar_xdr::Duration(1))
}

/// An event as its contract's specification says it is: topics, and the data by name.
fn specified(event: &ScSpecEventV0) -> (Vec<ScVal>, Vec<(String, ScVal)>) {
    let (mut topics, mut data) = (vec![sym(&spec::name(event))], vec![]);
    for param in event.params.iter() {
        let value = sample(&param.type_);
        match param.location {
            ScSpecEventParamLocationV0::TopicList => topics.push(value),
            ScSpecEventParamLocationV0::Data => {
                data.push((param.name.to_utf8_string_lossy(), value));
            }
        }
    }
    (topics, data)
}

async fn read(topics: &[ScVal], data: &[(String, ScVal)]) -> ChainEventBody {
    let fields: Vec<_> = data.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    decoded(event(&contract(50).0, topics, &map(&fields))).await
}

#[tokio::test]
async fn every_event_of_the_wasms_is_known_by_its_name_and_kept_raw_in_any_other_form() {
    let mut names = BTreeSet::new();
    for known in spec::events().iter().filter(|known| spec::name(known) != "group_created") {
        let name = spec::name(known);
        let (topics, data) = specified(known);
        let body = read(&topics, &data).await;
        let ChainEventBody::Circle { circle, event } = body else { panic!("{name}: {body:?}") };
        assert_eq!((circle, EventKind::of(&event).name()), (contract(50), name.as_str()));
        names.insert(name.clone());

        // A topic more, one less, one of another type; the same of the data.
        let mut forms = vec![([topics.clone(), vec![who(2)]].concat(), data.clone())];
        for place in 1..topics.len() {
            let mut fewer = topics.clone();
            fewer.remove(place);
            let mut other = topics.clone();
            other[place] = odd();
            forms.extend([(fewer, data.clone()), (other, data.clone())]);
        }
        forms.push((topics.clone(), [data.clone(), vec![("zz_new".to_owned(), who(2))]].concat()));
        for place in 0..data.len() {
            let mut fewer = data.clone();
            fewer.remove(place);
            let mut other = data.clone();
            other[place].1 = odd();
            let mut renamed = data.clone();
            renamed[place].0.push('x');
            forms.extend([fewer, other, renamed].map(|data| (topics.clone(), data)));
        }
        for (topics, data) in forms {
            let body = read(&topics, &data).await;
            assert!(matches!(body, ChainEventBody::Unknown { .. }), "{name}: {body:?}");
        }
    }
    let ours: BTreeSet<String> = EventKind::ALL
        .iter()
        .filter(|kind| **kind != EventKind::GroupCreated)
        .map(|kind| kind.name().to_owned())
        .collect();
    assert_eq!(names, ours, "the contracts' events are those of the domain");
}

#[tokio::test]
async fn what_is_not_known_is_kept_as_it_is_with_whose_it_is() {
    let data = map(&[("amount", 7_i128.into())]);
    let topics = [sym("group_created"), who(1)];
    for (contract_id, ours) in
        [(contract(99).0, true), (asset_contract(), true), (contract(98).0, false)]
    {
        let body = decoded(event(&contract_id, &topics, &data)).await;
        let raw = format!("{},{} {}", xdr(&topics[0]), xdr(&topics[1]), xdr(&data));
        let contract = kolo_core::port::chain::ChainAddress(contract_id);
        assert_eq!(body, ChainEventBody::Unknown { contract, ours, raw });
    }
}

/// Samples the built contracts emitted.
#[tokio::test]
async fn what_the_contracts_emit_is_known() {
    let mut names = 0;
    let samples = include_str!("contract_events.txt").split("\n\n");
    for sample in samples {
        let mut lines = sample.lines();
        let name = lines.next().unwrap();
        let (mut topics, mut data) = (vec![], ScVal::Void);
        for line in lines {
            let (what, text) = line.trim().split_once(' ').unwrap();
            let value = ScVal::from_xdr_base64(text, Limits::none()).unwrap();
            match what {
                "topic" => topics.push(value),
                _ => data = value,
            }
        }
        assert_eq!(topics[0], sym(name));
        names += 1;
        if name == "group_created" {
            // The sample's asset is another: only its form is compared.
            let map = crate::scval::as_map(&data).unwrap();
            let rules = crate::scval::as_bytes(crate::scval::field(map, "rules").unwrap());
            let hash = crate::scval::as_bytes(crate::scval::field(map, "rules_hash").unwrap());
            assert_eq!(hash.unwrap(), sha256(rules.unwrap()));
            assert!(Rules::decode(rules.unwrap()).is_ok());
            assert_eq!(topics.len(), 3);
            continue;
        }
        let body = decoded(event(&contract(50).0, &topics, &data)).await;
        assert!(matches!(body, ChainEventBody::Circle { .. }), "{name}: {body:?}");
    }
    assert_eq!(names, 14);
}

#[tokio::test]
async fn only_our_factory_makes_circles() {
    let mut rules = rules();
    rules.asset = client(&Node::default()).network.assets[0].contract.0.0;
    let encoded = rules.encode();
    let bytes = |b: &[u8]| crate::scval::bytes(b).unwrap();
    let topics = [sym("group_created"), contract_val(50), who(1)];
    let data = map(&[("rules", bytes(&encoded)), ("rules_hash", bytes(&sha256(&encoded)))]);
    let body = decoded(event(&contract(99).0, &topics, &data)).await;
    let expected =
        ChainEventBody::GroupCreated { circle: contract(50), organiser: address(1), rules };
    assert_eq!(body, expected);

    let foreign = decoded(event(&contract(98).0, &topics, &data)).await;
    assert!(matches!(foreign, ChainEventBody::Unknown { .. }), "{foreign:?}");
    let forged = map(&[("rules", bytes(&encoded)), ("rules_hash", bytes(&[0; 32]))]);
    let forged = decoded(event(&contract(99).0, &topics, &forged)).await;
    assert!(matches!(forged, ChainEventBody::Unknown { .. }), "{forged:?}");
}

#[tokio::test]
async fn the_asset_moves_in_all_the_forms_there_are() {
    let usdc_topic = ScVal::String(stellar_xdr::ScString("USDC:G…".try_into().unwrap()));
    let five: ScVal = 5_i128.into();
    let with_id = map(&[("amount", five.clone()), ("to_muxed_id", ScVal::U64(9))]);
    let u = &usdc_topic;
    for (topics, data, from, to) in [
        (vec![sym("transfer"), who(1), who(2), u.clone()], &five, Some(1), Some(2)),
        (vec![sym("transfer"), who(1), who(2), u.clone()], &with_id, Some(1), Some(2)),
        (vec![sym("mint"), who(2), u.clone()], &five, None, Some(2)),
        (vec![sym("mint"), who(ISSUER), who(2), u.clone()], &five, None, Some(2)),
        (vec![sym("burn"), who(1), u.clone()], &five, Some(1), None),
        (vec![sym("clawback"), who(1), u.clone()], &five, Some(1), None),
        (vec![sym("clawback"), who(ISSUER), who(1), u.clone()], &five, Some(1), None),
    ] {
        let expected = ChainEventBody::Transfer {
            asset: usdc(),
            from: from.map(address),
            to: to.map(address),
            amount: Amount::new(5),
        };
        assert_eq!(decoded(event(&asset_contract(), &topics, data)).await, expected);
    }
    let too_much: ScVal = (i128::from(i64::MAX) + 1).into();
    let topics = [sym("transfer"), who(1), who(2), u.clone()];
    let odd = decoded(event(&asset_contract(), &topics, &too_much)).await;
    assert!(matches!(odd, ChainEventBody::Unknown { .. }), "{odd:?}");
}
