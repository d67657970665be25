//! The stage with the contracts: the built wasm in a Stellar network in this process, every act a real
//! envelope with real signatures, on a clock that only the play moves.

mod calls;
mod keys;
mod wire;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::executor::block_on;
use kolo_core::port::ChainClient;
use kolo_core::port::chain::{ChainAddress, CircleOnChain};
use kolo_core::simulation::{Act, CircleView, Outcome, Reason, Scenario, Stage, StageError, View};
use kolo_localnet::{Localnet, STANDALONE_PASSPHRASE};
use kolo_rules::{Amount, Circle, Rules};
use kolo_stellar::setup::{Bootstrap, Deployment, Funder, bootstrap, planned};
use kolo_stellar::{FnTransport, Operators, Rpc, StellarChainClient};
use stellar_xdr::ScAddress;

use self::keys::Key;
use self::wire::{Refused, Wire};

/// The stage with the contracts.
pub struct ChainStage {
    clock: Arc<AtomicU64>,
    wire: Wire,
    client: StellarChainClient,
    deployment: Deployment,
    /// The asset, and its contract.
    asset: stellar_xdr::Asset,
    token: ScAddress,
    issuer: Key,
    /// Sends what nobody has to sign.
    nobody: Key,
    people: Vec<Key>,
    circles: Vec<OnChain>,
}

/// A circle of the scenario.
struct OnChain {
    organiser: usize,
    rules: Rules,
    address: ChainAddress,
    contract: ScAddress,
}

impl ChainStage {
    /// A network with the contracts, the people and their money, and the circles, founded and empty.
    ///
    /// # Errors
    /// [`StageError`] when the network cannot be set up.
    pub fn start(scenario: &Scenario) -> Result<Self, StageError> {
        let clock = Arc::new(AtomicU64::new(scenario.begins_at));
        let time = Arc::clone(&clock);
        let network = Localnet::builder()
            .clock(Arc::new(move || time.load(Ordering::SeqCst)))
            .start()
            .map_err(|error| StageError::new("starting the embedded network").because(error))?;
        let rpc = in_process(&network);
        let funder = Funder::root_of(network.passphrase());
        let deployment = block_on(bootstrap(&rpc, &funder, &wanted(scenario)))
            .map_err(|error| StageError::new("setting the embedded network up").because(error))?;
        let client = StellarChainClient::try_new(rpc, &deployment.config())
            .map_err(|error| StageError::new("reading the embedded network").because(error))?;
        let issuer = Key::issuer();
        let asset = wire::asset(&scenario.asset, &issuer)?;
        let token = wire::address(&deployment.asset_contract)?;
        let mut stage = Self {
            clock,
            wire: Wire { network },
            client,
            asset,
            token,
            issuer,
            nobody: Key::of("nobody"),
            people: scenario.people.iter().map(|person| Key::of_person(&person.name)).collect(),
            circles: Vec::new(),
            deployment,
        };
        stage.settle_people(scenario)?;
        stage.found_circles(scenario)?;
        Ok(stage)
    }

    fn found_circles(&mut self, scenario: &Scenario) -> Result<(), StageError> {
        let asset = wire::contract_bytes(&self.token)?;
        let factory = wire::address(&self.deployment.factory)?;
        for (plan, address) in scenario.circles.iter().zip(addresses(scenario, &self.deployment)?) {
            let rules = Rules { asset, ..plan.rules };
            let organiser = self.person(plan.organiser)?.clone();
            let args = calls::create(&organiser, &keys::salt(&plan.name), &rules)?;
            let founded = self.wire.invoke(&organiser, &[&organiser], &factory, "create", args)?;
            if let Err(refused) = founded {
                let context = format!("the factory refuses {:?}: {refused:?}", plan.name);
                return Err(StageError::new(context));
            }
            let contract = wire::address(&address)?;
            self.circles.push(OnChain { organiser: plan.organiser, rules, address, contract });
        }
        Ok(())
    }

    fn person(&self, person: usize) -> Result<&Key, StageError> {
        self.people.get(person).ok_or_else(|| StageError::new("there is no such person"))
    }

    fn circle(&self, circle: usize) -> Result<&OnChain, StageError> {
        self.circles.get(circle).ok_or_else(|| StageError::new("there is no such circle"))
    }

    fn look_at(&self, circle: &OnChain) -> Result<CircleView, StageError> {
        let unreadable =
            |why: String| StageError::new(format!("reading {}: {why}", circle.address));
        let found = block_on(self.client.circle(&circle.address, &self.deployment.asset))
            .map_err(|error| unreadable(error.to_string()))?;
        let CircleOnChain { state, members, vault, .. } =
            found.ok_or_else(|| unreadable("it is not there".to_owned()))?;
        let state = state.map(|bytes| Circle::decode(&bytes)).transpose();
        let state = state.map_err(|error| unreadable(error.to_string()))?;
        let person = |address: &ChainAddress| {
            let found = self.people.iter().position(|key| key.address().to_string() == address.0);
            found.ok_or_else(|| unreadable(format!("{address} is nobody of the scenario")))
        };
        let members = members.iter().map(person).collect::<Result<_, _>>()?;
        Ok(CircleView { state: state.map(Box::new), members, vault })
    }

    /// A call of a circle's contract.
    fn call(
        &self,
        circle: usize,
        signers: &[usize],
        call: &kolo_core::simulation::Call,
    ) -> Result<Outcome, StageError> {
        let circle = self.circle(circle)?;
        let keys = signers.iter().map(|signer| self.person(*signer));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let source = keys.first().copied().unwrap_or(&self.nobody);
        let (function, args) = calls::invocation(self, circle, call)?;
        let sent = if call.is_signed(circle.organiser, signers) {
            self.wire.invoke(source, &keys, &circle.contract, function, args)?
        } else {
            self.wire.try_unsigned(source, &circle.contract, function, args)?
        };
        match sent {
            Ok(()) => Ok(Ok(())),
            Err(Refused::Signature) => Ok(Err(Reason::NotSigned)),
            Err(Refused::Contract(code)) => match Reason::from_code(code) {
                Some(reason) => Ok(Err(reason)),
                None => Err(StageError::new(format!("{function} answers an unknown error {code}"))),
            },
        }
    }
}

impl Stage for ChainStage {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn advance(&mut self, to: u64) -> Result<(), StageError> {
        self.clock.fetch_max(to, Ordering::SeqCst);
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<Outcome, StageError> {
        match act {
            Act::Call { circle, signers, call } => self.call(*circle, signers, call),
            other => self.act_in_world(other),
        }
    }

    fn look(&mut self) -> Result<View, StageError> {
        let circles = self.circles.iter().map(|circle| self.look_at(circle));
        let circles = circles.collect::<Result<_, _>>()?;
        Ok(View { balances: self.balances()?, circles })
    }
}

/// The contract ids that a scenario's circles have on the embedded network: with them
/// [`kolo_core::simulation::CoreStage`] draws what is drawn there.
///
/// # Errors
/// [`StageError`] when one cannot be computed.
pub fn circle_ids(scenario: &Scenario) -> Result<Vec<[u8; 32]>, StageError> {
    let funder = Funder::root_of(STANDALONE_PASSPHRASE);
    let deployment = planned(STANDALONE_PASSPHRASE, &funder, &wanted(scenario))
        .map_err(|error| StageError::new("planning the embedded network").because(error))?;
    let addresses = addresses(scenario, &deployment)?;
    addresses.iter().map(|address| wire::contract_bytes(&wire::address(address)?)).collect()
}

/// Where the circles are.
fn addresses(
    scenario: &Scenario,
    deployment: &Deployment,
) -> Result<Vec<ChainAddress>, StageError> {
    let address = |plan: &kolo_core::simulation::CirclePlan| {
        let organiser = scenario.people.get(plan.organiser).map_or("", |person| &person.name);
        let organiser = ChainAddress(Key::of_person(organiser).address().to_string());
        deployment
            .circle_address(&organiser, &keys::salt(&plan.name))
            .map_err(|error| StageError::new("computing a circle's address").because(error))
    };
    scenario.circles.iter().map(address).collect()
}

fn wanted(scenario: &Scenario) -> Bootstrap {
    let [sponsor, fees, keeper] = ["sponsor", "fees", "keeper"].map(|name| Key::of(name).public());
    let operators = Operators { sponsor, fees, keeper };
    Bootstrap {
        asset_code: scenario.asset.clone(),
        ..Bootstrap::new(operators, Key::issuer().public())
    }
}

fn in_process(network: &Localnet) -> Rpc {
    let network = network.clone();
    Rpc::new(FnTransport::new(move |request| {
        let network = network.clone();
        async move { Ok(network.rpc(request).await) }
    }))
}

/// What a trustline of the people's entries holds.
fn balance_of(entry: &stellar_xdr::LedgerEntryData) -> Option<Amount> {
    match entry {
        stellar_xdr::LedgerEntryData::Trustline(line) => Some(Amount::new(line.balance)),
        _ => None,
    }
}
