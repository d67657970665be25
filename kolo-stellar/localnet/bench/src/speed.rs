//! How often a second: the network, and beside it what it is compared with.
//!
//! Whatever is sent was signed before, and is sent again in every round on the same ledger. Each is
//! waited for before the next.

use ed25519_dalek::{Signature, Signer, VerifyingKey};
use kolo_localnet::{SendOutcome, SimulateOptions};
use stellar_xdr::TransactionEnvelope;

use crate::bare::{BareCall, Modules};
use crate::circle::{self, Wasm};
use crate::failure::Failure;
use crate::rate::{Rate, Stopwatch};
use crate::world::{Person, World};

/// Payments of a round, and signatures checked in one.
const PAYMENTS: i64 = 3_000;

/// Transfers of a round.
const TRANSFERS: i64 = 500;

/// How often a round goes through the contributions of a circle.
const CIRCLES: usize = 20;

/// What is measured of one contract's calls.
#[derive(Clone, Copy)]
pub struct CallRates {
    pub network: Rate,
    /// With the diagnostic events that the network records: the same invocation.
    pub host_alone: Rate,
    /// Without them.
    pub host_bare: Rate,
    pub simulated: Rate,
}

/// Everything measured.
#[derive(Clone, Copy)]
pub struct Speed {
    pub verifications: Rate,
    pub payments: Rate,
    /// `transfer` of an asset's contract.
    pub transfers: CallRates,
    /// `contribute` of a circle: wasm.
    pub contributions: CallRates,
}

impl Speed {
    /// The fastest of so many rounds, each by itself.
    pub fn measure(wasm: &Wasm, rounds: u32) -> Result<Self, Failure> {
        let bench = Bench::new(wasm)?;
        let mut best = bench.round()?;
        for _ in 1..rounds {
            best = best.faster(bench.round()?);
        }
        Ok(best)
    }

    fn faster(self, other: Self) -> Self {
        Self {
            verifications: self.verifications.faster(other.verifications),
            payments: self.payments.faster(other.payments),
            transfers: self.transfers.faster(other.transfers),
            contributions: self.contributions.faster(other.contributions),
        }
    }
}

impl CallRates {
    fn faster(self, other: Self) -> Self {
        Self {
            network: self.network.faster(other.network),
            host_alone: self.host_alone.faster(other.host_alone),
            host_bare: self.host_bare.faster(other.host_bare),
            simulated: self.simulated.faster(other.simulated),
        }
    }
}

/// A ledger, and what is sent to it in every round.
struct Bench {
    world: World,
    modules: Modules,
    signatures: Vec<([u8; 32], [u8; 32], [u8; 64])>,
    payments: Vec<TransactionEnvelope>,
    transfers: Calls,
    contributions: Calls,
}

/// Calls one after the other, and the same for the host alone.
struct Calls {
    envelopes: Vec<TransactionEnvelope>,
    bare: Vec<BareCall>,
    repeat: usize,
}

impl Bench {
    fn new(wasm: &Wasm) -> Result<Self, Failure> {
        let world = World::new()?;
        let modules = Modules::new()?;
        let (ada, ben) = (world.person("ada", 1_000)?, world.person("ben", 0)?);
        let token = circle::deploy_asset(&world, &ada)?;
        let contributions = circle::contributions(&world, &token, wasm)?;
        let transfers = (1..=TRANSFERS)
            .map(|ahead| world.prepared(&ada, ahead, &circle::transfer(&token, &ada, &ben, 1)?));
        let transfers = transfers.collect::<Result<Vec<_>, _>>()?;
        let payments = (1..=PAYMENTS)
            .map(|ahead| world.sign(world.tx(&ada, ahead, world.payment(&ben, 1))?, &ada));
        Ok(Self {
            payments: payments.collect::<Result<_, _>>()?,
            transfers: Calls::new(&world, &modules, transfers, 1)?,
            contributions: Calls::new(&world, &modules, contributions, CIRCLES)?,
            signatures: signatures(&ada),
            world,
            modules,
        })
    }

    fn round(&self) -> Result<Speed, Failure> {
        Ok(Speed {
            verifications: self.verify()?,
            payments: send(&self.world, &self.payments, 1)?,
            transfers: self.transfers.measure(&self.world, &self.modules)?,
            contributions: self.contributions.measure(&self.world, &self.modules)?,
        })
    }

    /// From the bytes of the key, as the network does it.
    fn verify(&self) -> Result<Rate, Failure> {
        let wrong = |error| Failure::step("a signature", error);
        let began = Stopwatch::start();
        for (key, message, signature) in &self.signatures {
            let key = VerifyingKey::from_bytes(key).map_err(wrong)?;
            key.verify_strict(message, &Signature::from_bytes(signature)).map_err(wrong)?;
        }
        Ok(Rate { times: count(self.signatures.len()), took: began.elapsed() })
    }
}

impl Calls {
    /// Each call for the host alone finds the entries as the calls before it left them.
    fn new(
        world: &World,
        modules: &Modules,
        envelopes: Vec<TransactionEnvelope>,
        repeat: usize,
    ) -> Result<Self, Failure> {
        let start = world.localnet.snapshot().wait()?;
        let mut bare = vec![];
        for envelope in &envelopes {
            bare.push(BareCall::of(&world.localnet, envelope, modules)?);
            let outcome = world.localnet.send(envelope.clone()).wait()?;
            world.applied("a call", outcome.hash().0)?;
        }
        let _ = world.localnet.revert(start).wait()?;
        Ok(Self { envelopes, bare, repeat })
    }

    fn measure(&self, world: &World, modules: &Modules) -> Result<CallRates, Failure> {
        let host_alone = self.invoke(modules, true)?;
        let host_bare = self.invoke(modules, false)?;
        let network = send(world, &self.envelopes, self.repeat)?;
        let began = Stopwatch::start();
        for _ in 0..self.repeat {
            // As a client asks, without the answer to an earlier simulation in it.
            for envelope in &self.envelopes {
                let options = SimulateOptions::default();
                let simulated = world.localnet.simulate(envelope.clone(), options).wait()?;
                if let Some(error) = simulated.error {
                    return Err(Failure::step("a simulation", error));
                }
            }
        }
        Ok(CallRates { network, host_alone, host_bare, simulated: self.rate(&began) })
    }

    /// In the host alone.
    fn invoke(&self, modules: &Modules, diagnoses: bool) -> Result<Rate, Failure> {
        let began = Stopwatch::start();
        for _ in 0..self.repeat {
            for call in &self.bare {
                call.run(modules, diagnoses)?;
            }
        }
        Ok(self.rate(&began))
    }

    fn rate(&self, began: &Stopwatch) -> Rate {
        Rate { times: count(self.repeat * self.envelopes.len()), took: began.elapsed() }
    }
}

/// Sends all of them so many times, on the same ledger every time, and looks whether all succeeded.
fn send(world: &World, envelopes: &[TransactionEnvelope], repeat: usize) -> Result<Rate, Failure> {
    let mut rate = Rate { times: 0, took: std::time::Duration::ZERO };
    for _ in 0..repeat {
        let start = world.localnet.snapshot().wait()?;
        let sent = envelopes.to_vec();
        let mut hashes = Vec::with_capacity(envelopes.len());
        let began = Stopwatch::start();
        for envelope in sent {
            match world.localnet.send(envelope).wait()? {
                SendOutcome::Pending(hash) => hashes.push(hash),
                other => return Err(Failure::step("sending", other)),
            }
        }
        rate.took += began.elapsed();
        rate.times += count(hashes.len());
        for hash in hashes {
            world.applied("what was sent", hash.0)?;
        }
        let _ = world.localnet.revert(start).wait()?;
    }
    Ok(rate)
}

fn signatures(by: &Person) -> Vec<([u8; 32], [u8; 32], [u8; 64])> {
    let key = by.0.verifying_key().to_bytes();
    let message = |number: i64| {
        let mut message = [0; 32];
        message[..8].copy_from_slice(&number.to_be_bytes());
        message
    };
    (0..PAYMENTS)
        .map(|number| (key, message(number), by.0.sign(&message(number)).to_bytes()))
        .collect()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
