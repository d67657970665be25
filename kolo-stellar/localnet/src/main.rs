//! A Stellar network on a port: `cargo run -p kolo-localnet -- --port 8000`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use kolo_localnet::store::{DEFAULT_RETENTION, DiskStore, MemoryStore};
use kolo_localnet::{
    Close, LedgerStore, Localnet, NetworkSettings, STANDALONE_PASSPHRASE, StartError, rpc,
};
use stellar_xdr::{AccountId, PublicKey};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// A Stellar network in a process: Stellar RPC and friendbot, no Docker, nothing outside.
#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8000)]
    port: u16,

    /// The address to listen on. Whoever reaches it can use the network and its root account.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,

    /// When ledgers close: "instant" (with every transaction), or every so often ("1s", "500ms").
    #[arg(long, default_value = "instant", value_parser = parse_close)]
    close: Close,

    /// The folder that keeps the network. Without it, the network is gone when the program ends.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// How many ledgers of history to keep.
    #[arg(long, value_name = "LEDGERS", default_value_t = DEFAULT_RETENTION)]
    retention: u32,

    /// What contracts may use, and what it costs: as on mainnet, as on testnet, or without limits.
    /// A network that is already in the folder keeps its own.
    #[arg(long, value_enum, default_value_t = Protocol::Mainnet, value_name = "NETWORK")]
    protocol_limits: Protocol,

    /// Offers what tests do to a network at /tools: time warp, snapshot, revert, freeze, failing
    /// submissions.
    #[arg(long)]
    tools: bool,

    /// The network's passphrase; it decides the network id and the root account.
    #[arg(long, default_value = STANDALONE_PASSPHRASE)]
    passphrase: String,
}

/// Whose limits and fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Protocol {
    Mainnet,
    Testnet,
    Unlimited,
}

impl Protocol {
    fn settings(self) -> NetworkSettings {
        match self {
            Self::Mainnet => NetworkSettings::mainnet(),
            Self::Testnet => NetworkSettings::testnet(),
            Self::Unlimited => NetworkSettings::unlimited(),
        }
    }
}

/// Why the program ends.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("{address} cannot be listened on: {source}; choose another port with --port")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the port could not be served any more: {0}; start again")]
    Serve(#[source] io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("kolo-localnet: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Failure> {
    let address = SocketAddr::new(options.host, options.port);
    let refused = |source| Failure::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let network = Localnet::builder()
        .passphrase(options.passphrase.clone())
        .close(options.close)
        .settings(options.protocol_limits.settings())
        .store(open_store(&options)?)
        .start()?;
    introduce(&network, &options, address);
    let served = if options.tools {
        rpc::serve_with_tools(listener, network.clone(), interrupted()).await
    } else {
        rpc::serve(listener, network.clone(), interrupted()).await
    };
    served.map_err(Failure::Serve)?;
    // A network that cannot be stopped has stopped already.
    let _ = network.stop().await;
    Ok(())
}

fn open_store(options: &Options) -> Result<Box<dyn LedgerStore>, StartError> {
    Ok(match &options.state {
        Some(folder) => Box::new(DiskStore::open(folder)?.with_retention(options.retention)),
        None => Box::new(MemoryStore::new().with_retention(options.retention)),
    })
}

fn introduce(network: &Localnet, options: &Options, address: SocketAddr) {
    let AccountId(PublicKey::PublicKeyTypeEd25519(root)) = network.root_account();
    let state = match &options.state {
        Some(folder) => folder.display().to_string(),
        None => "in memory (keep it with --state DIR)".into(),
    };
    println!("Passphrase    {}", network.passphrase());
    println!("Root account  {}", stellar_strkey::ed25519::PublicKey(root.0));
    println!("              its secret key is the SHA-256 of the passphrase: test money only");
    println!("State         {state}");
    println!("Friendbot     http://{address}/friendbot?addr=G…");
    if options.tools {
        println!("Tools         http://{address}/tools");
    }
    println!("Explorer      http://{address}/explorer");
    println!("Stellar RPC   http://{address}");
}

/// Done when the program is told to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn parse_close(text: &str) -> Result<Close, String> {
    if text == "instant" {
        return Ok(Close::Instant);
    }
    let (number, millis) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 1_000),
        (None, None) => (text, 0),
    };
    let interval = number.parse::<u64>().ok().and_then(|number| number.checked_mul(millis));
    interval
        .filter(|interval| *interval > 0)
        .map(|interval| Close::Every(Duration::from_millis(interval)))
        .ok_or_else(|| "expected \"instant\", or an interval such as 1s or 500ms".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_close_is_a_word_or_an_interval() {
        assert_eq!(parse_close("instant"), Ok(Close::Instant));
        assert_eq!(parse_close("1s"), Ok(Close::Every(Duration::from_secs(1))));
        assert_eq!(parse_close("250ms"), Ok(Close::Every(Duration::from_millis(250))));
        for wrong in ["", "5", "0s", "-1s", "1.5s", "s", "ms", "99999999999999999999s"] {
            assert!(parse_close(wrong).is_err(), "{wrong}");
        }
    }
}
