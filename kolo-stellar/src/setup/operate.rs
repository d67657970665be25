//! The operator's keys from a vault, a network set up with them, and a client for it: all a host
//! needs on a network under its own control.
use kolo_core::port::vault::KeyName;
use kolo_core::port::{KeyVault, PortError};
use kolo_core::{AllowedAsset, Asset, AssetList, OperatorKeys, TenantId};

use super::{Bootstrap, Deployment, Funder, SetupError, bootstrap};
use crate::address::{account_address, account_of, invalid};
use crate::client::StellarChainClient;
use crate::config::Operators;
use crate::rpc::Rpc;

/// The passphrase of the network where money is real.
pub const PUBLIC_PASSPHRASE: &str = "Public Global Stellar Network ; September 2015";

/// The passphrase of the public test network.
pub const TESTNET_PASSPHRASE: &str = "Test SDF Network ; September 2015";

/// What stands for the operator's own issuer in a list of assets.
pub const OWN: &str = "test";

/// What [`operate`] brings up.
pub struct Operation {
    /// The client.
    pub client: StellarChainClient,
    /// The operator's public keys, the issuer's included.
    pub operator: OperatorKeys,
    /// What circles may save in, as the host's list has it.
    pub assets: AssetList,
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
    operate_in(rpc, &test_dollars(), (vault, tenant)).await
}

/// As [`operate`], for circles in these assets: where the issuer is [`OWN`], the operator issues it. One at
/// least must be the operator's.
///
/// # Errors
/// As [`operate`]; for what is no Stellar asset (they have 7 decimals).
pub async fn operate_in(
    rpc: Rpc,
    assets: &AssetList,
    (vault, tenant): (&dyn KeyVault, &TenantId),
) -> Result<Operation, SetupError> {
    let passphrase = rpc.network().await?.passphrase;
    let funder = Funder::root_of(&passphrase);
    set_up(rpc, assets, (vault, tenant), &funder, None).await
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
    set_up(rpc, &test_dollars(), (vault, tenant), funder, Some(balance)).await
}

/// The usual list of a network of one's own: a test dollar.
#[must_use]
pub fn test_dollars() -> AssetList {
    AssetList::from(Asset { code: "USDC".to_owned(), issuer: OWN.to_owned(), decimals: 7 })
}

/// The list with the operator's issuer where it says [`OWN`]; and the code of the first that does.
fn with_issuer(list: &AssetList, issuer: &str) -> Result<(AssetList, String), PortError> {
    let is_own = |allowed: &&AllowedAsset| [OWN, issuer].contains(&allowed.asset.issuer.as_str());
    let own = list.iter().find(is_own);
    let code = own.map(|allowed| allowed.asset.code.clone());
    let none = || {
        invalid(format!(
            "none of the assets is the operator's own: write {OWN} as the issuer of one"
        ))
    };
    let assets = list.iter().cloned().map(|mut allowed| {
        if allowed.asset.issuer == OWN {
            issuer.clone_into(&mut allowed.asset.issuer);
        }
        allowed
    });
    let list = AssetList::try_new(assets.collect());
    let list = list.map_err(|error| invalid("the list of assets").because(error))?;
    Ok((list, code.ok_or_else(none)?))
}

async fn set_up(
    rpc: Rpc,
    assets: &AssetList,
    (vault, tenant): (&dyn KeyVault, &TenantId),
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
    let (assets, asset_code) = with_issuer(assets, &account_address(&account_of(issuer.0)).0)?;
    let wanted = Bootstrap {
        asset_code,
        others: assets.iter().map(|allowed| allowed.asset.clone()).collect(),
        balance: balance.unwrap_or(usual.balance),
        ..usual
    };
    let deployment = bootstrap(&rpc, funder, &wanted).await?;
    let client = StellarChainClient::try_new(rpc, &deployment.config())?;
    let Operators { sponsor, fees, keeper } = operators;
    Ok(Operation {
        client,
        operator: OperatorKeys { sponsor, fees, keeper, receipts, issuer: Some(issuer) },
        assets,
        deployment,
    })
}
