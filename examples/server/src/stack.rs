//! Kolo on embedded defaults: SQLite, the key vault in it, the embedded Stellar network, all in this
//! process; or, for the demo, on a network elsewhere.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use kolo_core::port::chain::ChainAddress;
use kolo_core::port::{Clock, Entropy, KeyExport, KeyVault, MessageChannel, PortError};
use kolo_core::wallet::page::KeyPageSettings;
use kolo_core::worker::Worker;
use kolo_core::{AssetList, Caps, Kolo, Ports, Settings, TenantId, Timestamp};
use kolo_localnet::Localnet;
use kolo_localnet::store::DiskStore;
use kolo_stellar::setup::{Funder, Operation, operate_in, operate_on};
use kolo_stellar::{FnTransport, Meter, Rpc, StellarChainClient, StellarConfig};
use kolo_store::remote::{AccessToken, RemoteVault, RemoteVaultError};
use kolo_store::{MasterKey, MasterKeys, WakeUps};

use crate::chat::{ChatError, ChatRoom};
use crate::clock::MovableClock;
use crate::database::{Database, OpenError, Opened};
use crate::operator::{self, KeysError};

/// What to stand on.
pub struct Plan {
    /// Folder of the network's state and the chat.
    pub data: PathBuf,
    /// The books.
    pub database: Database,
    /// Where the keys are.
    pub keys: KeysPlan,
    /// The members' page outside the chat, if there is one.
    pub key_page: Option<KeyPageSettings>,
    /// The time.
    pub clock: Arc<MovableClock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The domain's figures.
    pub settings: Settings,
    /// The most one payment of shared rent may cost, stroops of XLM.
    pub max_rent: i64,
    /// What circles may save in ([`kolo_stellar::setup::OWN`]: of the operator's own issuing).
    pub assets: AssetList,
    /// The network.
    pub network: NetworkPlan,
}

/// Where the keys are.
pub enum KeysPlan {
    /// In the database, under this master key.
    Here(MasterKey),
    /// At a signing service (`kolo-server signer`). It hands no key out: members close and leave the
    /// sponsorship, and take no key away.
    Signer(Signer),
}

/// A signing service.
pub struct Signer {
    /// Where it is: `https://…`, or `http://…` on this machine.
    pub url: String,
    /// What proves to it who asks.
    pub token: AccessToken,
}

/// Which network to stand on.
pub enum NetworkPlan {
    /// One in this process, kept in the data folder.
    Embedded,
    /// A test network elsewhere, set up anew with somebody's money.
    Elsewhere {
        /// How it is reached.
        rpc: Rpc,
        /// Which network is meant.
        passphrase: String,
        /// Who pays.
        funder: Box<Funder>,
    },
}

/// What each of the operator's accounts is given on a network elsewhere, stroops of XLM (50 XLM: a
/// test network's friendbot gives 10,000, and a circle of three takes less than ten).
const GIVEN_ELSEWHERE: i64 = 500_000_000;

/// Everything running.
pub struct Stack {
    /// The domain.
    pub kolo: Kolo,
    /// What works in the background; drive it with `tick` or `run`.
    pub worker: Worker,
    /// The channel behind the phones.
    pub chat: Arc<ChatRoom>,
    /// The embedded network, where it is embedded.
    pub network: Option<Localnet>,
    /// The way to the network's nodes, for looking after it.
    pub rpc: Rpc,
    /// Which network it is.
    pub passphrase: String,
    /// What became of everything asked of the chain.
    pub meter: Meter,
    /// The time.
    pub clock: Arc<MovableClock>,
    /// The factory of circles.
    pub factory: ChainAddress,
    /// What other processes commit wakes the worker.
    _awake: (WakeUps, Arc<Worker>),
}

/// Why it could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StackError {
    /// A folder or file.
    #[error("{path}: {source}: check that it can be written")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The development key in the data folder.
    #[error(
        "{path} is not a key (64 hexadecimal digits): restore it from a backup; without it the wallets in the database cannot be opened"
    )]
    DevKey {
        /// Which file.
        path: PathBuf,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The key vault.
    #[error(transparent)]
    Vault(#[from] kolo_store::VaultError),
    /// The signing service's address.
    #[error(transparent)]
    Signer(#[from] RemoteVaultError),
    /// Other keys than before.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The embedded network's state.
    #[error("the embedded network: {0}")]
    Network(#[from] kolo_localnet::StartError),
    /// The embedded network's store.
    #[error("the embedded network: {0}")]
    NetworkStore(#[from] kolo_localnet::StoreError),
    /// Setting the network up.
    #[error(transparent)]
    Setup(#[from] kolo_stellar::setup::SetupError),
    /// The chat file.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The list of assets is not what the chain client follows.
    #[error(transparent)]
    Assets(#[from] kolo_core::AssetsDiffer),
    /// A port.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Stack {
    /// Starts everything, telling `progress` what it is doing.
    ///
    /// # Errors
    /// [`StackError`], which says what to do.
    pub async fn start(plan: Plan, progress: &(dyn Fn(&str) + Sync)) -> Result<Self, StackError> {
        let began = Instant::now();
        create_folder(&plan.data)?;
        plan.database.folder().map_or(Ok(()), create_folder)?;
        progress("opening the database");
        let opened = plan.database.open().await?;
        operator::check_place(&plan.keys, &opened).await?;
        let (vault, export) = vault(plan.keys, &opened).await?;
        operator::check_same(opened.ledger.as_ref(), vault.as_ref(), plan.clock.now()).await?;
        let tenant = TenantId::default();

        let keys: (&dyn KeyVault, &TenantId) = (vault.as_ref(), &tenant);
        let limits = |usual: StellarConfig| StellarConfig { max_rent: plan.max_rent, ..usual };
        let (operation, client, rpc, network) = match plan.network {
            NetworkPlan::Embedded => {
                progress("starting the embedded Stellar network");
                let network = start_network(&plan.data.join("network"), &plan.clock)?;
                progress("setting up test dollars and contracts");
                let rpc = in_process(&network);
                let operation = operate_in(rpc.clone(), &plan.assets, keys).await?;
                let config = limits(operation.deployment.config());
                let client = StellarChainClient::try_new(rpc.clone(), &config)?;
                (operation, client, rpc, Some(network))
            }
            NetworkPlan::Elsewhere { rpc, passphrase, funder } => {
                progress("setting up test dollars and contracts");
                let given = GIVEN_ELSEWHERE;
                let operation = operate_on(rpc.clone(), &passphrase, &funder, given, keys).await?;
                let config = limits(operation.deployment.config());
                // Ledgers may rest there: what is prepared then is counted from the clock.
                let client = StellarChainClient::try_new(rpc.clone(), &config)?;
                (operation, client.with_clock(plan.clock.clone()), rpc, None)
            }
        };
        let Operation { operator: keys, assets, deployment, .. } = operation;
        let (meter, passphrase) = (Meter::new(), deployment.passphrase.clone());

        let clock: Arc<dyn Clock> = plan.clock.clone();
        let chat_clock = plan.clock.clone();
        let chat =
            Arc::new(ChatRoom::open(&plan.data.join("chat.jsonl"), move || chat_clock.now())?);
        let ports = Ports {
            ledger: opened.ledger.clone(),
            queue: opened.queue.clone(),
            chain: Arc::new(meter.watch(Arc::new(client))),
            vault,
            clock,
            entropy: plan.entropy,
        };
        let kolo = Kolo::try_new(tenant, ports, assets, keys, plan.settings)?;
        let kolo = match plan.key_page {
            Some(page) => kolo.with_key_page(page, export),
            None => kolo,
        };
        let channel: Arc<dyn MessageChannel> = chat.clone();
        let worker = Worker::new(kolo.clone(), vec![channel]);
        // Held weakly: what wakes it keeps nothing open.
        let awake = Arc::new(worker.clone());
        let asleep = Arc::downgrade(&awake);
        let wake_ups = opened.wake_ups(move || {
            asleep.upgrade().inspect(|worker| worker.nudge());
        });
        progress(&format!("ready after {:.1} s", began.elapsed().as_secs_f32()));
        Ok(Self {
            kolo,
            worker,
            chat,
            network,
            rpc,
            passphrase,
            meter,
            clock: plan.clock,
            factory: deployment.factory,
            _awake: (wake_ups, awake),
        })
    }
}

/// The vault, and what hands its keys out to their members, if anything does.
async fn vault(
    keys: KeysPlan,
    opened: &Opened,
) -> Result<(Arc<dyn KeyVault>, Option<Arc<dyn KeyExport>>), StackError> {
    match keys {
        KeysPlan::Here(key) => {
            let vault = opened.vault(MasterKeys::new(key)).await?;
            Ok((vault.clone(), Some(vault)))
        }
        KeysPlan::Signer(Signer { url, token }) => {
            Ok((Arc::new(RemoteVault::try_new(&url, token)?), None))
        }
    }
}

/// What is in hand takes milliseconds here; after a crash it is taken up again this soon.
const LEASE_S: u64 = 5;

/// The domain's figures for a stack in one process: `caps` a day, and so many channel accounts.
#[must_use]
pub fn settings(caps: Caps, channels: u16) -> Settings {
    Settings { lease_s: LEASE_S, caps, channels, ..Settings::default() }
}

/// Ticks of one stretch of time; far more than any has.
const MOST_TICKS: usize = 100_000;

impl Stack {
    /// Moves the clock to `until`, doing on the way what is due then, as if time had passed; calls
    /// `ticked` after every move and after the work it made due.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn pass_time(
        &self,
        until: Timestamp,
        mut ticked: impl FnMut() + Send,
    ) -> Result<(), kolo_core::Error> {
        for _ in 0..MOST_TICKS {
            let tick = self.worker.tick(usize::MAX).await?;
            ticked();
            let now = self.clock.now();
            if now >= until {
                break;
            }
            let next = tick.next.map_or(until, |next| next.max(now.plus(1)).min(until));
            self.clock.advance_to(next);
            ticked();
        }
        Ok(())
    }
}

fn start_network(folder: &Path, clock: &Arc<MovableClock>) -> Result<Localnet, StackError> {
    let store = DiskStore::open(folder)?;
    let clock = clock.clone();
    Ok(Localnet::builder()
        .clock(Arc::new(move || clock.now().unix()))
        .store(Box::new(store))
        .start()?)
}

/// The client talks to the network in this process through the same JSON as to a remote one.
fn in_process(network: &Localnet) -> Rpc {
    let network = network.clone();
    Rpc::new(FnTransport::new(move |request| {
        let network = network.clone();
        async move { Ok(network.rpc(request).await) }
    }))
}

/// The master key of a development folder: made once, readable by its owner only.
///
/// # Errors
/// [`StackError`] when the file cannot be read or made, or is not a key.
pub fn dev_master_key(data: &Path) -> Result<MasterKey, StackError> {
    let path = data.join("dev-master-key");
    create_folder(data)?;
    if !path.exists() {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| file_error(&path, std::io::Error::other(error.to_string())))?;
        write_private(&path, &data_encoding::HEXLOWER.encode(&bytes))
            .map_err(|source| file_error(&path, source))?;
    }
    let text = std::fs::read_to_string(&path).map_err(|source| file_error(&path, source))?;
    MasterKey::parse(text.trim()).map_err(|_| StackError::DevKey { path })
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn create_folder(path: &Path) -> Result<(), StackError> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(path).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> StackError {
    StackError::File { path: path.to_owned(), source }
}
