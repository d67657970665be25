//! Wake-ups from one process to the others: see [`SqlLedger::wake_ups`](crate::SqlLedger::wake_ups).
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Error};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::sql::wake::{EVERY, Wake, WakeUps};

/// Between two attempts to reach the server again.
const AGAIN: Duration = Duration::from_secs(1);

/// The longest name of a channel, bytes.
const NAME_MAX: usize = 63;

/// What rings, and what it rings for.
pub(super) struct Bell {
    pub runtime: Handle,
    /// How the server is reached.
    pub options: PgConnectOptions,
    /// Where the tables are.
    pub schema: String,
    /// Whether a connection is the same from one transaction to the next.
    pub may_listen: bool,
}

impl Bell {
    pub fn ring(self, committed: Arc<Notify>, wake: Wake) -> WakeUps {
        let _inside = self.runtime.enter();
        // A pool of its own, for what it does about lost connections: one rings, one listens.
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .connect_lazy_with(self.options);
        let channel = channel(&self.schema);
        let myself = token();
        let ring = ring(pool.clone(), said(&channel, &myself), committed, Arc::clone(&wake));
        let listen = self.may_listen.then(|| listen(pool, channel, myself, wake));
        let ring = self.runtime.spawn(ring);
        WakeUps::of([ring].into_iter().chain(listen.map(|listen| self.runtime.spawn(listen))))
    }
}

/// Wakes this process, then the others; then rests, so that what is committed meanwhile is one.
async fn ring(pool: PgPool, said: String, committed: Arc<Notify>, wake: Wake) {
    loop {
        committed.notified().await;
        wake();
        if let Err(error) = say(&pool, &said).await {
            tracing::debug!(%error, "other processes are not woken: they look by themselves");
            tokio::time::sleep(AGAIN).await;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// In one message, which is a transaction of its own. A lost connection is noticed by it: then once more.
async fn say(pool: &PgPool, said: &str) -> Result<(), Error> {
    let say = || sqlx::raw_sql(AssertSqlSafe(said.to_owned())).execute(pool);
    match say().await {
        Err(_) => say().await.map(drop),
        Ok(_) => Ok(()),
    }
}

/// Wakes this process when another one rings, and when it may have missed that.
async fn listen(pool: PgPool, channel: String, myself: String, wake: Wake) {
    loop {
        if let Err(error) = hear(&pool, &channel, &myself, &wake).await {
            tracing::debug!(%error, "nobody is listened to: this process looks by itself");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Returns when the server cannot be reached.
async fn hear(pool: &PgPool, channel: &str, myself: &str, wake: &Wake) -> Result<(), Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    wake();
    loop {
        match listener.try_recv().await? {
            Some(rung) if rung.payload() == myself => {}
            // `None`: the line was lost and is there again.
            Some(_) | None => wake(),
        }
    }
}

/// The channel of a schema's processes. Two schemas whose names are that long and differ in their ends wake
/// each other, for nothing.
fn channel(schema: &str) -> String {
    let mut name = format!("kolo {schema}");
    while name.len() > NAME_MAX {
        name.pop();
    }
    name
}

fn said(channel: &str, myself: &str) -> String {
    format!("SELECT pg_notify('{}', '{myself}')", channel.replace('\'', "''"))
}

/// Tells this process from others. Should there be no randomness, it hears itself: no harm.
fn token() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok();
    data_encoding::HEXLOWER.encode(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_a_name_that_the_server_takes() {
        assert_eq!(channel("kolo"), "kolo kolo");
        assert_eq!(channel(&"é".repeat(31)).len(), 63);
        assert_eq!(said("kolo it's", "ab"), "SELECT pg_notify('kolo it''s', 'ab')");
    }
}
