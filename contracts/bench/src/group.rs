//! A circle made by the factory, and every call of it.
use ed25519_dalek::{Signer, SigningKey};
use kolo_rules::{Amount, Interval, Rules, circle::Shortfall};
use sha2::{Digest, Sha256};
use soroban_env_host::xdr::{
    AccountId, ContractId, Hash, Limits, ScAddress, ScSymbol, ScVal, WriteXdr,
};

use crate::{
    failure::Failure,
    ledger::{Call, Done},
    world::{World, account, address_of, bytes, call, i128, vec},
};

pub const DAY: u64 = 86_400;
/// A round.
pub const WEEK: u64 = 7 * DAY;
/// What everybody pays in a round.
const CONTRIBUTION: i64 = 100_000_000;

/// The contracts as they are built.
pub struct Wasm {
    pub circle: Vec<u8>,
    pub rulebook: Vec<u8>,
    pub factory: Vec<u8>,
}

/// A circle, its organiser (no member) and its members by seat.
#[derive(Clone)]
pub struct Group {
    pub world: World,
    pub organiser: AccountId,
    pub members: Vec<AccountId>,
    /// Calls what anybody may call.
    pub keeper: AccountId,
    pub seats: u8,
    factory: ScAddress,
    circle: ScAddress,
    rules: Rules,
}

impl Group {
    /// A network with the factory and one empty circle, and what making that cost.
    pub fn found(wasm: &Wasm, seats: u8) -> Result<(Self, Done), Failure> {
        let mut world = World::new()?;
        let circle = world.upload(&wasm.circle)?;
        let rulebook = world.upload(&wasm.rulebook)?;
        let factory = world.upload(&wasm.factory)?;
        let assets = vec(vec![ScVal::Address(world.token.clone())])?;
        let pinned = vec![bytes(&circle.0)?, bytes(&rulebook.0)?, assets];
        let factory = world.deploy(factory, pinned)?;
        let (organiser, keeper) = (world.person(0)?, world.person(0)?);
        let rules = rules(&world.token, seats)?;
        let circle = factory.clone();
        let members = vec![];
        let mut group = Self { world, organiser, members, keeper, seats, factory, circle, rules };
        let done = group.world.apply(&group.create(0)?)?;
        group.circle = address_of(done.value.clone())?;
        Ok((group, done))
    }

    /// Another circle of the same factory.
    pub fn create(&self, salt: u8) -> Result<Call, Failure> {
        let (salt, rules) = (bytes(&[salt; 32])?, bytes(&self.rules.encode())?);
        let args = vec![account(&self.organiser), salt, rules, ScVal::Void];
        call(&self.organiser, &self.factory, "create", args)
    }

    /// Somebody with enough for the whole cycle.
    pub fn person(&mut self) -> Result<AccountId, Failure> {
        self.world.person(CONTRIBUTION * i64::from(self.seats))
    }

    pub fn invite(&self, [address, key]: [ScVal; 2]) -> Result<Call, Failure> {
        let expires_at = ScVal::U64(self.world.ledger.time + DAY);
        self.by_organiser("invite", vec![address, key, ScVal::Void, expires_at])
    }

    pub fn revoke(&self, invitation: [ScVal; 2]) -> Result<Call, Failure> {
        self.by_organiser("revoke", invitation.into())
    }

    /// Takes the place that an invitation of this address keeps.
    pub fn join(&self, person: &AccountId) -> Result<Call, Failure> {
        let args = vec![account(person), self.rules_hash()?, ScVal::Void, ScVal::Void, ScVal::Void];
        self.by(person, "join", args)
    }

    /// Takes the place that an invitation of this key keeps.
    pub fn join_with(&self, person: &AccountId, key: &SigningKey) -> Result<Call, Failure> {
        let mut message = b"kolo:join:1".to_vec();
        message.extend(contract_id(&self.circle)?);
        message.extend(ScAddress::Account(person.clone()).to_xdr(Limits::none())?);
        let (key, signature) = (key.verifying_key(), key.sign(&message));
        let (key, signature) = (bytes(key.as_bytes())?, bytes(&signature.to_bytes())?);
        self.by(
            person,
            "join",
            vec![account(person), self.rules_hash()?, ScVal::Void, key, signature],
        )
    }

    pub fn leave(&self, member: &AccountId) -> Result<Call, Failure> {
        self.by(member, "leave", vec![account(member)])
    }

    pub fn remove(&self, member: &AccountId) -> Result<Call, Failure> {
        self.by_organiser("remove", vec![account(member)])
    }

    /// A call by the organiser.
    pub fn by_organiser(&self, function: &str, args: Vec<ScVal>) -> Result<Call, Failure> {
        self.by(&self.organiser, function, args)
    }

    pub fn contribute(&self, member: &AccountId, round: u8) -> Result<Call, Failure> {
        let round = ScVal::U32(round.into());
        self.by(member, "contribute", vec![account(member), round, i128(CONTRIBUTION)])
    }

    pub fn payout(&self, round: u8) -> Result<Call, Failure> {
        self.by_anybody("payout", vec![ScVal::U32(round.into())])
    }

    pub fn repay(&self, member: &AccountId) -> Result<Call, Failure> {
        self.by(member, "repay", vec![account(member), i128(CONTRIBUTION)])
    }

    pub fn propose(&self, member: &AccountId) -> Result<Call, Failure> {
        let nobody = [ScVal::Void, ScVal::Void];
        let [subject, newcomer] = nobody;
        self.by(member, "propose", vec![account(member), ScVal::U32(0), subject, newcomer])
    }

    pub fn vote(&self, member: &AccountId, approve: bool) -> Result<Call, Failure> {
        self.by(member, "vote", vec![account(member), ScVal::U32(1), ScVal::Bool(approve)])
    }

    pub fn by_anybody(&self, function: &str, args: Vec<ScVal>) -> Result<Call, Failure> {
        self.by(&self.keeper, function, args)
    }

    /// A payment to the circle that nobody asked for.
    pub fn gift(&self, from: &AccountId) -> Result<Call, Failure> {
        self.world.transfer(from, &self.circle, CONTRIBUTION)
    }

    /// Invites somebody by address and has them join.
    pub fn seat(&mut self, person: &AccountId) -> Result<[Done; 2], Failure> {
        let invited = self.world.apply(&self.invite(by_address(person))?)?;
        let joined = self.world.apply(&self.join(person)?)?;
        self.members.push(person.clone());
        Ok([invited, joined])
    }

    /// Half of a round later everybody pays, and at its end the pot is paid out.
    pub fn play(&mut self, round: u8) -> Result<(Vec<Done>, Done), Failure> {
        self.world.ledger.pass(WEEK / 2);
        let mut paid = vec![];
        for member in &self.members {
            let call = self.contribute(member, round)?;
            paid.push(self.world.apply(&call)?);
        }
        self.world.ledger.pass(WEEK / 2);
        let call = self.payout(round)?;
        Ok((paid, self.world.apply(&call)?))
    }

    /// Of a function the circle has, or the step of its rulebook that is called like this.
    fn by(&self, source: &AccountId, function: &str, args: Vec<ScVal>) -> Result<Call, Failure> {
        if ["contribute", "payout"].contains(&function) {
            return call(source, &self.circle, function, args);
        }
        let name = function.split('_').map(capitalised).collect::<String>();
        let name = name.try_into()?;
        let step = vec([vec![ScVal::Symbol(ScSymbol(name))], args].concat())?;
        call(source, &self.circle, "act", vec![step])
    }

    fn rules_hash(&self) -> Result<ScVal, Failure> {
        bytes(&Sha256::digest(self.rules.encode()))
    }
}

pub fn by_address(person: &AccountId) -> [ScVal; 2] {
    [account(person), ScVal::Void]
}

pub fn by_key(key: &SigningKey) -> Result<[ScVal; 2], Failure> {
    Ok([ScVal::Void, bytes(key.verifying_key().as_bytes())?])
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

/// Ten units weekly, a day of grace, join order, short pot.
fn rules(asset: &ScAddress, seats: u8) -> Result<Rules, Failure> {
    let (asset, week) = (contract_id(asset)?, Interval::Seconds(7 * 86_400));
    let rules = Rules {
        shortfall: Shortfall::ShortPot,
        ..Rules::new(asset, seats, Amount::new(CONTRIBUTION), week)
    };
    rules.validate().map_err(|refusal| Failure::Rules(format!("{refusal:?}")))?;
    Ok(rules)
}

fn contract_id(address: &ScAddress) -> Result<[u8; 32], Failure> {
    match address {
        ScAddress::Contract(ContractId(Hash(id))) => Ok(*id),
        other => Err(Failure::Call(format!("no contract but {other:?}"))),
    }
}
