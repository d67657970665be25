//! The phone page: phones side by side, a clock to move, circles with books and chain beside each
//! other. Plain pages over a small JSON API.
mod api;
pub mod key;
mod outside;
mod receipt;
mod state;
mod tx;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kolo_core::wallet::page::KeyPageSettings;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::api::App;
use crate::chat::Phone;
use crate::clock::{MovableClock, SystemEntropy};
use crate::config::{Config, ConfigError};
use crate::logs::LogCounts;
use crate::stack::{KeysPlan, NetworkPlan, Plan, Stack, StackError, dev_master_key, settings};

/// Who is there when the page is opened for the first time.
const FIRST_PHONES: [(&str, &str); 3] =
    [("Ada", "+2348031000001"), ("Bola", "+2348031000002"), ("Chidi", "+2348031000003")];

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A variable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The port.
    #[error("port {port} is taken: stop the program that has it, or choose another, e.g. PORT={}", .port.saturating_add(1))]
    PortTaken {
        /// Which.
        port: u16,
    },
    /// The network.
    #[error("cannot serve: {0}")]
    Io(#[from] std::io::Error),
    /// The worker.
    #[error("the worker stopped unexpectedly: start the server again; what was accepted is kept")]
    Worker,
    /// Something below.
    #[error(transparent)]
    Stack(#[from] StackError),
}

/// Serves the page until interrupted.
pub async fn run(logs: LogCounts) -> ExitCode {
    let served = async {
        let config = Config::from_env(|name| std::env::var(name).ok())?;
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            let _ = tokio::signal::ctrl_c().await;
            stop.send_replace(true);
        });
        serve(config, logs, stopped).await
    };
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until `stopped` turns true; `logs` is what it tells a monitor about the log.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    config: Config,
    logs: LogCounts,
    stopped: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, config.port));
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::PortTaken { port: config.port },
        _ => ServeError::Io(error),
    })?;
    if !config.unused.is_empty() {
        eprintln!("· accepted, not used yet: {}", config.unused.join(", "));
    }
    let shift = ShiftFile(config.data.join("clock-shift"));
    let clock = Arc::new(MovableClock::running(shift.read()));
    let keys = match (config.signer, config.master_key) {
        (Some(signer), _) => KeysPlan::Signer(signer),
        (None, Some(key)) => KeysPlan::Here(key),
        (None, None) => {
            eprintln!(
                "· no ENCRYPTION_KEY: using a development key kept in {}",
                config.data.display()
            );
            KeysPlan::Here(dev_master_key(&config.data)?)
        }
    };
    let url = config.public_url.unwrap_or_else(|| format!("http://localhost:{}", config.port));
    let over_tls = url.starts_with("https://");
    let plan = Plan {
        data: config.data,
        database: config.database,
        keys,
        key_page: Some(KeyPageSettings::at(format!("{url}{}", key::PATH))),
        clock,
        entropy: Arc::new(SystemEntropy),
        settings: settings(config.caps, config.channels),
        max_rent: config.max_rent,
        assets: config.assets,
        network: NetworkPlan::Embedded,
    };
    let stack = Arc::new(Stack::start(plan, &|step| eprintln!("· {step}")).await?);
    first_phones(&stack)?;
    let app = App { stack, shift: Arc::new(shift), over_tls, logs, seen: Arc::default() };
    work_and_serve(listener, app, stopped).await
}

/// The worker and the page, until `stopped` turns true or one of them ends.
async fn work_and_serve(
    listener: TcpListener,
    app: App,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    let worker = app.stack.worker.clone();
    let mut until = stopped.clone();
    let mut working = tokio::spawn(async move {
        worker.run(async move { drop(until.wait_for(|stop| *stop).await) }).await;
    });
    eprintln!("· open http://{address} (test money only)");
    let key = app.stack.kolo.receipts().key();
    eprintln!("· receipts are signed with {}", data_encoding::HEXLOWER.encode(&key.0));
    let router = api::router(app);
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(async move { drop(stopped.wait_for(|stop| *stop).await) })
        .into_future();
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        served = &mut serving => {
            served?;
            working.await.map_err(|_| ServeError::Worker)
        }
        worked = &mut working => {
            // It ends when it is told to, and then the page ends too; else nobody would be answered.
            worked.map_err(|_| ServeError::Worker)?;
            Ok(serving.await?)
        }
    }
}

fn first_phones(stack: &Stack) -> Result<(), ServeError> {
    if !stack.chat.phones().is_empty() {
        return Ok(());
    }
    for (name, number) in FIRST_PHONES {
        let phone = Phone { name: name.to_owned(), number: number.to_owned() };
        stack.chat.add(phone).map_err(StackError::from)?;
    }
    Ok(())
}

/// Remembers how far the clock was moved, so that time does not run back after a restart.
pub(crate) struct ShiftFile(PathBuf);

impl ShiftFile {
    fn read(&self) -> u64 {
        std::fs::read_to_string(&self.0).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Written aside and renamed: never half a number.
    pub(crate) fn write(&self, shift_s: u64) -> std::io::Result<()> {
        let aside = self.0.with_extension("new");
        std::fs::write(&aside, shift_s.to_string())?;
        std::fs::rename(&aside, Path::new(&self.0))
    }
}

#[cfg(test)]
mod tests;
