//! `kolo-server signer`: the keys in a process of their own, which signs what its policy lets through and
//! does nothing else.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Args;
use kolo_core::port::vault::KeyName;
use kolo_core::port::{KeyVault, PortError};
use kolo_core::{AssetList, TenantId};
use kolo_stellar::setup::{Bootstrap, Funder, planned};
use kolo_stellar::wallet::TransactionPolicy;
use kolo_stellar::{Operators, StellarConfig};
use kolo_store::remote::{AccessToken, SigningService};
use kolo_store::{MasterKeys, StoreVault};
use serde_json::json;
use tokio::net::TcpListener;

use crate::clock::MovableClock;
use crate::config::{Config, ConfigError, SIGNER_TOKEN, signer_token};
use crate::database::Database;
use crate::stack::{StackError, dev_master_key};

/// The largest request, bytes: no transaction of ours is as long.
const BODY_MAX: usize = 256 * 1024;

/// The passphrase of the embedded network, and of every standalone one.
const STANDALONE: &str = "Standalone Network ; February 2017";

/// Sign for a server elsewhere. The keys, sealed under ENCRYPTION_KEY, are in the database of this process
/// (DATABASE_URL, or a file in KOLO_DATA); the server asks over HTTP and shows KOLO_SIGNER_TOKEN, which both
/// have from the environment. GET /health says whether the database answers.
#[derive(Args)]
pub struct SignerArgs {
    /// Where to listen. Beyond this machine put TLS in front: the server refuses plain HTTP elsewhere.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    bind: SocketAddr,
    /// The network it signs for, and no other.
    #[arg(long, value_name = "TEXT", default_value = STANDALONE)]
    passphrase: String,
    /// The assets members may pay with, CODE:ISSUER:DECIMALS:NAME,…; without it the test dollar of the issuer
    /// whose key is here.
    #[arg(long, value_name = "LIST")]
    assets: Option<String>,
    /// How far the server's test clock may be ahead, seconds: only where time is moved by hand.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    clock_ahead: u64,
}

/// Why it did not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// A variable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No master key, and real people's money.
    #[error(
        "ENCRYPTION_KEY: it is not set, and only on the standalone network may a development key kept in the data \
         folder seal the keys: make one with `openssl rand -base64 32`, and keep it apart from the data"
    )]
    NoMasterKey,
    /// The list of assets.
    #[error("--assets: {0}")]
    Assets(#[from] kolo_core::AssetListError),
    /// A folder, the database, the vault.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The network's name or an asset's.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The port.
    #[error("cannot listen on {bind}: {source}: choose another with --bind")]
    Bind {
        /// Where.
        bind: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The network.
    #[error("cannot serve: {0}")]
    Io(#[from] std::io::Error),
}

/// Serves until interrupted.
pub async fn run(args: SignerArgs) -> ExitCode {
    match serve(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: SignerArgs) -> Result<(), SignerError> {
    let get = |name: &str| std::env::var(name).ok();
    let token = signer_token(get(SIGNER_TOKEN))?;
    // Its own address is no concern of a signing service.
    let config = Config::from_env(|name| get(name).filter(|_| !name.starts_with("KOLO_SIGNER")))?;
    if config.master_key.is_none() && args.passphrase != STANDALONE {
        return Err(SignerError::NoMasterKey);
    }
    let vault = vault(config.data, &config.database, config.master_key).await?;
    let stellar = StellarConfig { max_rent: config.max_rent, ..network(&args, &vault).await? };
    let clock = Arc::new(MovableClock::running(args.clock_ahead));
    let policy = TransactionPolicy::try_new(&stellar, clock)?;
    let signer = Arc::new(Signer { service: service(&vault, policy, token), vault });
    let bind = args.bind;
    let listener = TcpListener::bind(bind).await;
    let listener = listener.map_err(|source| SignerError::Bind { bind, source })?;
    let address = listener.local_addr()?;
    eprintln!("· signing for {:?} on http://{address}", args.passphrase);
    if !address.ip().is_loopback() {
        eprintln!("· reached from beyond this machine: it speaks plain HTTP, so put TLS in front");
    }
    axum::serve(listener, router(signer))
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    Ok(())
}

fn service(
    vault: &Arc<StoreVault>,
    policy: TransactionPolicy,
    token: AccessToken,
) -> SigningService {
    SigningService::new(vault.clone(), Arc::new(policy), token)
}

async fn vault(
    data: PathBuf,
    database: &Database,
    master_key: Option<kolo_store::MasterKey>,
) -> Result<Arc<StoreVault>, StackError> {
    let folders = [Some(data.as_path()), database.folder()];
    for path in folders.into_iter().flatten().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(path)
            .map_err(|source| StackError::File { path: path.to_owned(), source })?;
    }
    let master_key = match master_key {
        Some(key) => key,
        None => {
            eprintln!("· no ENCRYPTION_KEY: using a development key kept in {}", data.display());
            dev_master_key(&data)?
        }
    };
    Ok(database.open().await?.vault(MasterKeys::new(master_key)).await?)
}

/// What the policy holds requests against: this network, the operator's keys, which are made here or found,
/// and the assets.
async fn network(args: &SignerArgs, vault: &StoreVault) -> Result<StellarConfig, SignerError> {
    let tenant = TenantId::default();
    let key = async |name: &str| vault.create(&tenant, &KeyName::Operator(name.to_owned())).await;
    let operators = Operators {
        sponsor: key("sponsor").await?,
        fees: key("fees").await?,
        keeper: key("keeper").await?,
    };
    let wanted = Bootstrap::new(operators, key("issuer").await?);
    let funder = Funder::root_of(&args.passphrase);
    let usual = planned(&args.passphrase, &funder, &wanted)?.config();
    let Some(list) = &args.assets else { return Ok(usual) };
    let assets = AssetList::parse(list)?.iter().map(|allowed| allowed.asset.clone()).collect();
    Ok(StellarConfig { assets, ..usual })
}

struct Signer {
    service: SigningService,
    vault: Arc<StoreVault>,
}

fn router(signer: Arc<Signer>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/v1/{what}", post(answer))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(signer)
}

async fn answer(
    State(signer): State<Arc<Signer>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let answer = signer.service.answer(uri.path(), authorization, &body).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], answer.body).into_response()
}

/// Whether the database answers: for a monitor, which has no token and learns nothing else.
async fn health(State(signer): State<Arc<Signer>>) -> Response {
    let name = KeyName::Operator("fees".to_owned());
    match signer.vault.create(&TenantId::default(), &name).await {
        Ok(_) => Json(json!({ "ok": true })).into_response(),
        Err(error) => {
            tracing::error!(%error, "the vault does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "ok": false }))).into_response()
        }
    }
}
