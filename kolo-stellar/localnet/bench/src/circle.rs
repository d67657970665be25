//! A circle about to be paid into: the wasm that the calls are of.
use kolo_rules::circle::Shortfall;
use kolo_rules::{Amount, Interval, Rules};
use sha2::{Digest, Sha256};
use stellar_xdr::{
    ContractExecutable, ContractId, ContractIdPreimage, ContractIdPreimageFromAddress,
    CreateContractArgs, CreateContractArgsV2, Hash, HostFunction, Int128Parts, ScAddress, ScSymbol,
    ScVal, ScVec, TransactionEnvelope, Uint256,
};

use crate::failure::Failure;
use crate::world::{Person, START, UNIT, World, address_of, bytes, call};

/// Seats of the circle.
pub const SEATS: u8 = 12;

/// What everybody pays in a round, in units of the asset.
const CONTRIBUTION: i64 = 10;

const WEEK_S: u32 = 7 * 86_400;

/// The contracts as they are committed.
pub struct Wasm {
    pub circle: Vec<u8>,
    pub rulebook: Vec<u8>,
    pub factory: Vec<u8>,
}

/// The contract of the world's asset.
pub fn deploy_asset(world: &World, by: &Person) -> Result<ScAddress, Failure> {
    let made = world.call(
        by,
        &HostFunction::CreateContract(CreateContractArgs {
            contract_id_preimage: ContractIdPreimage::Asset(world.asset()),
            executable: ContractExecutable::StellarAsset,
        }),
    )?;
    address_of(made)
}

/// `transfer` of the asset's contract.
pub fn transfer(
    token: &ScAddress,
    from: &Person,
    to: &Person,
    amount: i64,
) -> Result<HostFunction, Failure> {
    call(token, "transfer", vec![from.address(), to.address(), i128(amount)])
}

/// A started circle, and everybody's first contribution, signed and not sent.
pub fn contributions(
    world: &World,
    token: &ScAddress,
    wasm: &Wasm,
) -> Result<Vec<TransactionEnvelope>, Failure> {
    let organiser = world.person("organiser", 0)?;
    let factory = deploy_factory(world, token, wasm, &organiser)?;
    let rules = rules(token)?;
    let create = vec![organiser.address(), bytes(&[1; 32])?, bytes(&rules.encode())?, ScVal::Void];
    let circle = address_of(world.call(&organiser, &call(&factory, "create", create)?)?)?;
    let hash = bytes(&Sha256::digest(rules.encode()))?;
    let mut members = vec![];
    for seat in 0..SEATS {
        let member = world.person(&format!("member {seat}"), CONTRIBUTION)?;
        let (who, expires_at) = (member.address(), ScVal::U64(START + 86_400));
        let invite = [who.clone(), ScVal::Void, ScVal::Void, expires_at];
        world.call(&organiser, &act(&circle, "Invite", &invite)?)?;
        let join = [who, hash.clone(), ScVal::Void, ScVal::Void, ScVal::Void];
        world.call(&member, &act(&circle, "Join", &join)?)?;
        members.push(member);
    }
    members
        .iter()
        .map(|member| {
            let args = vec![member.address(), ScVal::U32(1), i128(CONTRIBUTION * UNIT)];
            world.prepared(member, 1, &call(&circle, "contribute", args)?)
        })
        .collect()
}

fn deploy_factory(
    world: &World,
    token: &ScAddress,
    wasm: &Wasm,
    by: &Person,
) -> Result<ScAddress, Failure> {
    let upload =
        |code: &[u8]| world.call(by, &HostFunction::UploadContractWasm(code.to_vec().try_into()?));
    let constructor_args = vec![
        upload(&wasm.circle)?,
        upload(&wasm.rulebook)?,
        ScVal::Vec(Some(ScVec(vec![ScVal::Address(token.clone())].try_into()?))),
    ];
    upload(&wasm.factory)?;
    let from = ContractIdPreimageFromAddress {
        address: ScAddress::Account(by.id()),
        salt: Uint256([7; 32]),
    };
    let create = HostFunction::CreateContractV2(CreateContractArgsV2 {
        contract_id_preimage: ContractIdPreimage::Address(from),
        executable: ContractExecutable::Wasm(Hash(Sha256::digest(&wasm.factory).into())),
        constructor_args: constructor_args.try_into()?,
    });
    address_of(world.call(by, &create)?)
}

/// Ten units weekly, short pot.
fn rules(token: &ScAddress) -> Result<Rules, Failure> {
    let ScAddress::Contract(ContractId(Hash(asset))) = token else {
        return Err(Failure::step("the asset's contract", token));
    };
    let contribution = Amount::new(CONTRIBUTION * UNIT);
    let rules = Rules {
        shortfall: Shortfall::ShortPot,
        ..Rules::new(*asset, SEATS, contribution, Interval::Seconds(WEEK_S))
    };
    rules.validate().map_err(|refusal| Failure::Rules(format!("{refusal:?}")))?;
    Ok(rules)
}

/// A step that the circle's rulebook decides.
fn act(circle: &ScAddress, step: &str, args: &[ScVal]) -> Result<HostFunction, Failure> {
    let step = [&[ScVal::Symbol(ScSymbol(step.try_into()?))], args].concat();
    call(circle, "act", vec![ScVal::Vec(Some(ScVec(step.try_into()?)))])
}

fn i128(value: i64) -> ScVal {
    ScVal::I128(Int128Parts { hi: if value < 0 { -1 } else { 0 }, lo: value.cast_unsigned() })
}
