//! Circles as nodes tell them: what is gone, what is archived, and what cannot be read.
use kolo_core::port::{ChainClient, PortErrorKind, Retry};
use stellar_xdr::{
    ContractDataDurability, ContractDataEntry, ContractExecutable, ContractId, ExtensionPoint,
    Hash, LedgerEntryData, ScAddress, ScContractInstance, ScMap, ScMapEntry, ScVal,
};

use super::node::Node;
use super::world::*;
use crate::address::contract_id;

fn entry(key: ScVal, val: ScVal) -> LedgerEntryData {
    let id: ContractId = contract_id(&contract(50)).unwrap();
    LedgerEntryData::ContractData(ContractDataEntry {
        ext: ExtensionPoint::V0,
        contract: ScAddress::Contract(id),
        key,
        durability: ContractDataDurability::Persistent,
        val,
    })
}

/// Its instance of a code that is known, which holds this under those keys.
fn instance(held: &[(u32, ScVal)]) -> LedgerEntryData {
    instance_of(VOUCHED_FOR, held)
}

fn instance_of(code: [u8; 32], held: &[(u32, ScVal)]) -> LedgerEntryData {
    let entry_of =
        |(key, val): &(u32, ScVal)| ScMapEntry { key: ScVal::U32(*key), val: val.clone() };
    let held: Vec<ScMapEntry> = held.iter().map(entry_of).collect();
    let storage = Some(ScMap(held.try_into().unwrap()));
    let executable = ContractExecutable::Wasm(Hash(code));
    entry(
        ScVal::LedgerKeyContractInstance,
        ScVal::ContractInstance(ScContractInstance { executable, storage }),
    )
}

fn bytes(bytes: &[u8]) -> ScVal {
    crate::scval::bytes(bytes).unwrap()
}

#[tokio::test]
async fn a_circle_is_over_when_state_and_members_are_gone_and_archived_when_only_the_state_is() {
    let members = (3, bytes(&[0; 33]));
    for (held, state, over) in [
        (vec![], None, Some(true)),
        (vec![members.clone()], Some(bytes(&[7])), Some(false)),
        (vec![members], None, None),
    ] {
        let node = Node::default();
        node.entry(instance(&held));
        if let Some(state) = state {
            node.entry(entry(ScVal::U32(4), state));
        }
        let read = client(&node).circle(&contract(50), &usdc()).await;
        match over {
            Some(over) => assert_eq!(read.unwrap().unwrap().state.is_none(), over),
            None => {
                let error = read.unwrap_err();
                let what = (error.kind, error.retry);
                assert_eq!(what, (PortErrorKind::Corrupt, Retry::Permanent));
                assert!(error.context.contains("archived"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_circle_of_another_form_is_its_own_trouble() {
    for (held, state) in [
        (vec![(3, bytes(&[0; 33]))], ScVal::U32(1)),
        (vec![(3, bytes(&[9; 33]))], bytes(&[7])),
        (vec![], bytes(&[7])),
    ] {
        let node = Node::default();
        node.entry(instance(&held)).entry(entry(ScVal::U32(4), state));
        let error = client(&node).circle(&contract(50), &usdc()).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (PortErrorKind::Corrupt, Retry::Permanent));
    }
}

/// Nobody can tell what a contract of other code keeps where; how much is in its vault, the token says.
#[tokio::test]
async fn of_a_circle_of_other_code_nothing_is_read_but_the_vault() {
    let other = [2; 32];
    let held = [(3, bytes(&[0; 33])), (1, bytes(&rules().encode()))];
    let node = Node::default();
    node.entry(instance_of(other, &held)).entry(entry(ScVal::U32(4), bytes(&[7])));
    let client = client(&node);
    let read = client.circle(&contract(50), &usdc()).await.unwrap().unwrap();
    assert_eq!((read.code, read.state, read.rules), (Some(other), None, None));
    assert_eq!(read.members, []);

    let released: [u8; 32] = crate::address::sha256(crate::setup::CIRCLE_WASM);
    let known = [released, VOUCHED_FOR, other].map(|code| client.knows_code(&code));
    assert_eq!(known, [true, true, false]);
}
