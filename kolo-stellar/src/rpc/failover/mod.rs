//! Several nodes behind one [`Transport`]: the first that is well is asked, the others are there when it
//! is not.
//!
//! What makes that safe for money:
//! - A node is asked only after it has named the configured network, and is asked for it again with every
//!   look; one of another network is never used.
//! - Every answer is one node's, whole; what it says of its latest and oldest ledger belongs to it. Who
//!   puts two answers together takes what both have seen (see `submit`).
//! - The same signed bytes may go to several nodes: they are one transaction. When one of them may have
//!   taken them, the trouble that is reported is that one's, whatever the others say.
//! - History that one node lacks is lost only when every node of the list has said so.
mod look;
mod state;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::Value;

#[cfg(feature = "http")]
use super::http::{HttpTransport, HttpTransportError};
use super::transport::{Transport, TransportError};
use super::{INTERNAL_ERROR, METHOD_NOT_FOUND};
use state::Node;
pub use state::{NodeHealth, NodeState};

/// Between looks at all nodes.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// The time, Unix seconds.
type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A transport that holds several nodes of one network. Clones share what is known of them.
#[derive(Clone)]
pub struct Failover {
    inner: Arc<Inner>,
}

struct Inner {
    nodes: Vec<Node>,
    passphrase: String,
    look_every: Duration,
    now: Now,
    looking: AtomicBool,
}

/// What one node made of a request.
enum Answer {
    /// An answer to pass on.
    Good(Value),
    /// The node's refusal, where another may do better.
    Refused(Value),
}

impl Failover {
    /// Nodes by name, the preferred first, of the network with this passphrase. The names are shown to
    /// operators: an URL's host, never its path, which may hold a key.
    #[must_use]
    pub fn new(passphrase: impl Into<String>, nodes: Vec<(String, Arc<dyn Transport>)>) -> Self {
        let now =
            || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            inner: Arc::new(Inner {
                nodes: nodes.into_iter().map(|(name, node)| Node::new(name, node)).collect(),
                passphrase: passphrase.into(),
                look_every: LOOK_EVERY,
                now: Arc::new(now),
                looking: AtomicBool::new(false),
            }),
        }
    }

    /// As [`Self::new`], of URLs (see [`HttpTransport::try_new`]).
    ///
    /// # Errors
    /// [`HttpTransportError`] for the first URL that is none, and when there is none at all.
    #[cfg(feature = "http")]
    pub fn of_urls(
        passphrase: impl Into<String>,
        urls: &[impl AsRef<str>],
    ) -> Result<Self, HttpTransportError> {
        if urls.is_empty() {
            return Err(HttpTransportError::Url);
        }
        let nodes = urls.iter().map(|url| {
            let node = HttpTransport::try_new(url.as_ref())?;
            Ok((node.name(), Arc::new(node) as Arc<dyn Transport>))
        });
        Ok(Self::new(passphrase, nodes.collect::<Result<_, HttpTransportError>>()?))
    }

    /// With another time between looks at all nodes than 15 seconds, and another clock than the
    /// system's (Unix seconds).
    #[must_use]
    pub fn with_clock(
        self,
        look_every: Duration,
        now: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        let Inner { nodes, passphrase, .. } = &*self.inner;
        Self {
            inner: Arc::new(Inner {
                nodes: nodes.iter().map(Node::afresh).collect(),
                passphrase: passphrase.clone(),
                look_every,
                now: Arc::new(now),
                looking: AtomicBool::new(false),
            }),
        }
    }

    /// Looks at all nodes at once when it is time, one caller at a time; the others go on with what is
    /// known.
    async fn look_when_due(&self) {
        let inner = &self.inner;
        let due = inner.nodes.iter().any(|node| node.is_due(inner.look_every));
        if due && !inner.looking.swap(true, Ordering::AcqRel) {
            let _ends = Looking(&inner.looking);
            self.look().await;
        }
    }

    async fn look(&self) {
        let inner = &self.inner;
        let due = inner.nodes.iter().filter(|node| !node.is_resting());
        join_all(due.map(|node| node.look(&inner.passphrase))).await;
        state::compare(&inner.nodes, (inner.now)());
    }

    /// Those that may be asked, the best first.
    fn candidates(&self) -> Vec<&Node> {
        let mut found: Vec<(_, &Node)> =
            self.inner.nodes.iter().filter_map(|node| Some((node.rank()?, node))).collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, node)| node).collect()
    }

    async fn ask(&self, node: &Node, request: &Value) -> Result<Answer, TransportError> {
        if !node.is_verified() {
            node.look(&self.inner.passphrase).await;
            if !node.is_verified() {
                return Err(node.trouble());
            }
        }
        let answer = node.call(request).await?;
        let Some(error) = answer.get("error").filter(|error| !error.is_null()) else {
            return Ok(Answer::Good(answer));
        };
        let code = error.get("code").and_then(Value::as_i64);
        let of_history = is_of_history(request);
        if of_history && code == Some(INTERNAL_ERROR) {
            // Of what history it has, it says nothing.
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
            return Err(TransportError::Unreachable(format!("internal error: {message}")));
        }
        // Its own trouble; a method it lacks; history it does not have. Everything else blames the request.
        let elsewhere =
            code == Some(INTERNAL_ERROR) || code == Some(METHOD_NOT_FOUND) || of_history;
        Ok(if elsewhere { Answer::Refused(answer) } else { Answer::Good(answer) })
    }
}

/// Whether nodes answer it differently for the history they keep.
fn is_of_history(request: &Value) -> bool {
    request.get("method").and_then(Value::as_str) == Some("getEvents")
}

/// Says that the look is over, also when its caller is dropped meanwhile.
struct Looking<'a>(&'a AtomicBool);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[async_trait]
impl Transport for Failover {
    async fn call(&self, request: Value) -> Result<Value, TransportError> {
        self.look_when_due().await;
        let mut refused = None;
        let mut refusals = 0;
        let mut trouble: Option<TransportError> = None;
        for node in self.candidates() {
            let now = (self.inner.now)();
            let answer = self.ask(node, &request).await.and_then(|answer| match answer {
                Answer::Good(good) => {
                    look::is_in_time(&request, &good, now).map(|()| Answer::Good(good))
                }
                refused @ Answer::Refused(_) => Ok(refused),
            });
            match answer {
                Ok(Answer::Good(answer)) => return Ok(answer),
                Ok(Answer::Refused(answer)) => {
                    refusals += 1;
                    refused = refused.or(Some(answer));
                }
                // What may have arrived must not be hidden behind what did not.
                Err(error) if trouble.as_ref().is_none_or(|kept| !kept.may_have_arrived()) => {
                    trouble = Some(error);
                }
                Err(_) => {}
            }
        }
        if is_of_history(&request) && refusals < self.inner.nodes.len() {
            // What one node no longer has, one that could not be asked may have.
            return Err(trouble.unwrap_or(TransportError::OtherNetwork));
        }
        match (trouble, refused) {
            (Some(error), Some(_)) if error.may_have_arrived() => Err(error),
            (_, Some(answer)) => Ok(answer),
            (Some(error), None) => Err(error),
            (None, None) => Err(TransportError::OtherNetwork),
        }
    }

    async fn everywhere(&self, request: &Value) -> Vec<Result<Value, TransportError>> {
        // All of them: what one that cannot be asked would say is not known.
        let asked =
            self.inner.nodes.iter().map(async |node| match self.ask(node, request).await? {
                Answer::Good(answer) => {
                    look::is_in_time(request, &answer, (self.inner.now)()).map(|()| answer)
                }
                Answer::Refused(answer) => Ok(answer),
            });
        join_all(asked).await
    }

    async fn nodes(&self) -> Vec<NodeHealth> {
        self.look_when_due().await;
        self.inner.nodes.iter().map(Node::health).collect()
    }
}
