//! The operator's keys from a vault, a network set up with them, and a client for it: all a host
//! needs on a network under its own control.
use kolo_core::port::KeyVault;
use kolo_core::port::vault::KeyName;
use kolo_core::{Asset, OperatorKeys, TenantId};

use super::{Bootstrap, Deployment, Funder, SetupError, bootstrap};
use crate::client::StellarChainClient;
use crate::config::Operators;
use crate::rpc::Rpc;

/// The passphrase of the network where money is real.
pub const PUBLIC_PASSPHRASE: &str = "Public Global Stellar Network ; September 2015";

/// The passphrase of the public test network.
pub const TESTNET_PASSPHRASE: &str = "Test SDF Network ; September 2015";

/// What [`operate`] brings up.
pub struct Operation {
    /// The client.
    pub client: StellarChainClient,
    /// The operator's public keys, the issuer's included.
    pub operator: OperatorKeys,
    /// The test asset.
    pub asset: Asset,
    /// What is deployed.
    pub deployment: Deployment,
}

/// Makes the operator's keys in `vault` (or finds them), sets the standalone network behind `rpc` up
/// with its root's money (see [`bootstrap`]), and makes a client for it, which asks nothing yet.
///
/// # Errors
/// [`SetupError`]; what was made stays and is found by the next attempt.
pub async fn operate(
    rpc: Rpc,
    vault: &dyn KeyVault,
    tenant: &TenantId,
) -> Result<Operation, SetupError> {
    let passphrase = rpc.network().await?.passphrase;
    let funder = Funder::root_of(&passphrase);
    set_up(rpc, vault, tenant, &funder, None).await
}

/// As [`operate`], on a network that somebody else runs: `funder` pays, and `balance` (stroops of XLM)
/// is what each of the operator's accounts is given. `passphrase` says which network is meant.
///
/// # Errors
/// As [`operate`]; [`SetupError::OtherNetwork`] and [`SetupError::PublicNetwork`] before anything is sent.
pub async fn operate_on(
    rpc: Rpc,
    passphrase: &str,
    funder: &Funder,
    balance: i64,
    (vault, tenant): (&dyn KeyVault, &TenantId),
) -> Result<Operation, SetupError> {
    if passphrase == PUBLIC_PASSPHRASE {
        return Err(SetupError::PublicNetwork);
    }
    let found = rpc.network().await?.passphrase;
    if found != passphrase {
        return Err(SetupError::OtherNetwork { found, wanted: passphrase.to_owned() });
    }
    set_up(rpc, vault, tenant, funder, Some(balance)).await
}

async fn set_up(
    rpc: Rpc,
    vault: &dyn KeyVault,
    tenant: &TenantId,
    funder: &Funder,
    balance: Option<i64>,
) -> Result<Operation, SetupError> {
    let key = async |name: &str| vault.create(tenant, &KeyName::Operator(name.to_owned())).await;
    let issuer = key("issuer").await?;
    let receipts = key("receipts").await?;
    let operators = Operators {
        sponsor: key("sponsor").await?,
        fees: key("fees").await?,
        keeper: key("keeper").await?,
    };
    let usual = Bootstrap::new(operators, issuer);
    let wanted = Bootstrap { balance: balance.unwrap_or(usual.balance), ..usual };
    let deployment = bootstrap(&rpc, funder, &wanted).await?;
    let client = StellarChainClient::try_new(rpc, &deployment.config())?;
    let Operators { sponsor, fees, keeper } = operators;
    Ok(Operation {
        client,
        operator: OperatorKeys { sponsor, fees, keeper, receipts, issuer: Some(issuer) },
        asset: deployment.asset.clone(),
        deployment,
    })
}
