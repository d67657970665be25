//! Wake-ups from one process to the others: see [`SqlLedger::wake_ups`](crate::SqlLedger::wake_ups).
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Error};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::sql::wake::{EVERY, Wake, WakeUps};

/// Between two attempts to reach the server again.
const AGAIN: Duration = Duration::from_secs(1);

/// The longest that an answer takes, or a new connection, before the line is given up.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// After so long without a word the server is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(10);

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
    /// Wakes this process by itself, whatever becomes of the lines to the others.
    pub fn ring(self, committed: Arc<Notify>, wake: Wake) -> WakeUps {
        let _inside = self.runtime.enter();
        let channel = channel(&self.schema);
        let myself = token();
        let here = Arc::new(Notify::new());
        let (others, own) = (Arc::clone(&here), Arc::clone(&wake));
        let both = Arc::new(move || {
            own();
            here.notify_one();
        });
        let ring = ring(line(&self.options), said(&channel, &myself), others);
        let ring = self.runtime.spawn(ring);
        let options = self.options;
        let listen = self.may_listen.then(|| listen(options, channel, myself, wake));
        let listen = listen.map(|listen| self.runtime.spawn(listen));
        WakeUps::within(&self.runtime, committed, both).and([ring].into_iter().chain(listen))
    }
}

/// A pool of one connection, for what it does about a lost one.
fn line(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .test_before_acquire(false)
        .acquire_timeout(ANSWER_WITHIN)
        .connect_lazy_with(options.clone())
}

/// Wakes the others; then rests, so that what is committed meanwhile is one.
async fn ring(pool: PgPool, said: String, committed: Arc<Notify>) {
    loop {
        committed.notified().await;
        if let Err(error) = say(&pool, &said).await {
            tracing::debug!(%error, "other processes are not woken: they look by themselves");
            tokio::time::sleep(AGAIN).await;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// A lost connection is noticed by it: then once more.
async fn say(pool: &PgPool, said: &str) -> Result<(), Error> {
    match say_once(pool, said).await {
        Err(_) => say_once(pool, said).await,
        Ok(()) => Ok(()),
    }
}

/// In one message, which is a transaction of its own.
async fn say_once(pool: &PgPool, said: &str) -> Result<(), Error> {
    let mut line = pool.acquire().await?;
    let done = answered(sqlx::raw_sql(AssertSqlSafe(said.to_owned())).execute(&mut *line)).await;
    if done.is_err() {
        line.close_on_drop();
    }
    done.map(drop)
}

/// What the server answers, or that it does not: a line that is dead on the way is not told so.
async fn answered<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let silence = |_| Error::Io(io::ErrorKind::TimedOut.into());
    tokio::time::timeout(ANSWER_WITHIN, asked).await.map_err(silence)?
}

/// Wakes this process when another one rings, and when it may have missed that.
async fn listen(options: PgConnectOptions, channel: String, myself: String, wake: Wake) {
    loop {
        // What is left of a dead line is in nobody's way.
        if let Err(error) = hear(&line(&options), &channel, &myself, &wake).await {
            tracing::debug!(%error, "nobody is listened to: this process looks by itself");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Returns when the server cannot be reached, or does not say any more that it is there.
async fn hear(pool: &PgPool, channel: &str, myself: &str, wake: &Wake) -> Result<(), Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    answered(listener.listen(channel)).await?;
    wake();
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(rung))) if rung.payload() == myself => {}
            Ok(Ok(Some(_))) => wake(),
            // The line was lost and is there again: perhaps for as short a time.
            Ok(Ok(None)) => {
                wake();
                tokio::time::sleep(AGAIN).await;
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                answered(sqlx::raw_sql("SELECT 1").execute(&mut listener)).await?;
            }
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
