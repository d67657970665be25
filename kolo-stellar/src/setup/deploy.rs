//! Deploying for operators: what would be sent and cost, and doing it.
use kolo_core::Asset;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::PublicKey;
use serde::Serialize;

use super::funder::Site;
use super::steps::{Codes, Step, Target};
use super::{Funder, PUBLIC_PASSPHRASE, SetupError};
use crate::address::{account_of, contract_id, sha256};
use crate::closing::spendable;
use crate::config::known_asset;
use crate::protocol;
use crate::read::instance_key;
use crate::rpc::Rpc;

/// What shall be on a network, and what it may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Which network is meant.
    pub passphrase: String,
    /// What circles of a new factory may save in.
    pub assets: Vec<Asset>,
    /// A factory that is there: codes are uploaded, and the rulebook published, for its circles' upgrades.
    /// `None`: a factory is deployed.
    pub factory: Option<ChainAddress>,
    /// The most one step may cost, stroops of XLM.
    pub max_fee: i64,
    /// That the public network, where it costs real money, is meant.
    pub public_confirmed: bool,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It was found.
    There,
    /// It is missing.
    Missing,
    /// It comes with another step.
    ComesWithIt,
}

/// One thing of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeployStep {
    /// What it is.
    pub what: &'static str,
    /// Its hash, or its address.
    pub subject: String,
    /// Whether it is there.
    pub state: StepState,
    /// What it costs at most, stroops of XLM; `None` where that is known only after the steps before.
    pub max_fee: Option<i64>,
}

/// A deployment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeployPlan {
    /// The network's passphrase.
    pub passphrase: String,
    /// Its protocol.
    pub protocol: u32,
    /// Who pays.
    pub payer: String,
    /// What the payer may spend, stroops of XLM; `None` when there is no such account.
    pub payer_holds: Option<i64>,
    /// The factory, as it is or will be.
    pub factory: String,
    /// In the order they are done.
    pub steps: Vec<DeployStep>,
}

impl DeployPlan {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|step| step.state == StepState::There)
    }

    /// What the missing steps cost at most, as far as it is known, stroops of XLM.
    #[must_use]
    pub fn known_fees(&self) -> i64 {
        self.steps.iter().filter_map(|step| step.max_fee).fold(0, i64::saturating_add)
    }
}

/// What is there of a release, and what the rest would cost. Sends nothing.
///
/// # Errors
/// [`SetupError`] when the node does not answer or is on another network, and when what is there is not
/// what it should be.
pub async fn plan(
    rpc: &Rpc,
    payer: &PublicKey,
    release: &Release,
) -> Result<DeployPlan, SetupError> {
    let network = rpc.network().await?;
    if network.passphrase != release.passphrase {
        let wanted = release.passphrase.clone();
        return Err(SetupError::OtherNetwork { found: network.passphrase, wanted });
    }
    protocol::check(network.protocol_version)?;
    let site = Site::unsigned(rpc, &release.passphrase, account_of(payer.0));
    let (steps, factory) = steps_of(&site, release)?;
    require_factory(&site, release, &factory).await?;
    let there = site.found(&steps).await?;
    let held = match site.funding_account().await {
        Ok(entry) => Some(spendable(&entry)),
        Err(SetupError::NoAccount { .. }) => None,
        Err(error) => return Err(error),
    };
    let mut shown = Vec::new();
    let last = steps.len().saturating_sub(1);
    for (at, (step, found)) in steps.iter().zip(&there).enumerate() {
        let state = match found {
            Some(_) => StepState::There,
            // A new factory publishes its rulebook.
            None if at == last && release.factory.is_none() => StepState::ComesWithIt,
            None => StepState::Missing,
        };
        let max_fee = match state {
            StepState::Missing if held.is_some() => {
                site.estimate(step.what, &step.function).await?
            }
            _ => None,
        };
        let subject = step.proof.subject();
        shown.push(DeployStep { what: step.what, subject, state, max_fee });
    }
    Ok(DeployPlan {
        passphrase: network.passphrase,
        protocol: network.protocol_version,
        payer: crate::address::account_address(&account_of(payer.0)).0,
        payer_holds: held,
        factory: factory.0,
        steps: shown,
    })
}

/// Makes what is missing of a release, in order, telling `done` of each step; what an interrupted attempt
/// has made is found. Ends with a look at all of it.
///
/// # Errors
/// [`SetupError`]; what was made before it stays.
pub async fn deploy(
    rpc: &Rpc,
    funder: &Funder,
    release: &Release,
    done: &mut (dyn FnMut(&str) + Send),
) -> Result<DeployPlan, SetupError> {
    if release.passphrase == PUBLIC_PASSPHRASE && !release.public_confirmed {
        return Err(SetupError::PublicNotConfirmed);
    }
    // What is known to be too much is said before anything is sent.
    let planned = plan(rpc, &funder.public_key(), release).await?;
    let site = Site { max_fee: release.max_fee, ..Site::new(rpc, &release.passphrase, funder) };
    site.can_spend(planned.known_fees()).await?;
    for step in &planned.steps {
        site.within_limit(step.what, step.max_fee.unwrap_or(0))?;
    }
    let (steps, _) = steps_of(&site, release)?;
    site.run(&steps, &mut |step| done(step.what)).await?;
    plan(rpc, &funder.public_key(), release).await
}

/// A factory that is said to be there must be.
async fn require_factory(
    site: &Site<'_>,
    release: &Release,
    factory: &ChainAddress,
) -> Result<(), SetupError> {
    if release.factory.is_none() {
        return Ok(());
    }
    match site.rpc.ledger_entries(&[instance_key(&contract_id(factory)?)]).await?.is_empty() {
        false => Ok(()),
        true => Err(SetupError::NoFactory { factory: factory.clone() }),
    }
}

fn steps_of(site: &Site<'_>, release: &Release) -> Result<(Vec<Step>, ChainAddress), SetupError> {
    let network_id = sha256(release.passphrase.as_bytes());
    let known = release.assets.iter().map(|asset| known_asset(network_id, asset));
    let target = Target {
        network_id,
        payer: site.account.clone(),
        assets: known.collect::<Result<_, _>>()?,
        factory: release.factory.as_ref().map(contract_id).transpose()?,
    };
    let steps = Codes::built()?.steps(&target)?;
    let factory = match &release.factory {
        Some(factory) => factory.clone(),
        // The last but one is the factory; the last, its rulebook.
        None => steps
            .iter()
            .rev()
            .nth(1)
            .and_then(|step| step.proof.contract())
            .ok_or_else(|| crate::address::invalid("a release without a factory"))?,
    };
    Ok((steps, factory))
}
