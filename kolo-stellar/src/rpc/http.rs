//! JSON-RPC over HTTPS, with time-outs and a limit on what is read.
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use kolo_core::error_codes;
use serde_json::Value;

use super::transport::{Transport, TransportError};

/// Time to reach the node.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for the whole request: a simulation on a loaded node takes seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The most that is read of one answer: a full page of events stays far below.
const RESPONSE_LIMIT: usize = 16 * 1024 * 1024;

/// A node behind an URL.
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    url: reqwest::Url,
    limit: usize,
}

impl HttpTransport {
    /// A node at `url`: `https://…`, or `http://…` for one nearby (this machine, a private address, a
    /// name without a dot), since whoever stands between could answer in a remote node's place. Such a
    /// one is asked without a proxy; of the others, `HTTPS_PROXY` and its like are heeded.
    ///
    /// # Errors
    /// [`HttpTransportError`] when the URL is none, or TLS cannot be set up.
    pub fn try_new(url: &str) -> Result<Self, HttpTransportError> {
        Self::with_limits(url, REQUEST_TIMEOUT, RESPONSE_LIMIT)
    }

    /// As [`Self::try_new`], with other limits than 30 s and 16 MiB.
    ///
    /// # Errors
    /// As [`Self::try_new`].
    pub fn with_limits(
        url: &str,
        timeout: Duration,
        response_limit: usize,
    ) -> Result<Self, HttpTransportError> {
        let url = reqwest::Url::parse(url).map_err(|_| HttpTransportError::Url)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(HttpTransportError::Url);
        }
        if url.scheme() == "http" && !is_nearby(&url) {
            return Err(HttpTransportError::Insecure);
        }
        // An error says that the host program has chosen a provider before: its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none());
        if url.scheme() == "http" {
            // Nearby is without anybody between, also one that the surroundings name.
            client = client.no_proxy();
        }
        let client =
            client.build().map_err(|e| HttpTransportError::Client(without_url(e).to_string()))?;
        Ok(Self { client, url, limit: response_limit })
    }
}

impl HttpTransport {
    /// What operators may see of its address: host and port. The path may hold a key.
    #[must_use]
    pub fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or("?");
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// As much of the URL as operators may see.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = format!("{}://{}", self.url.scheme(), self.name());
        f.debug_struct("HttpTransport").field("url", &url).finish_non_exhaustive()
    }
}

/// Why a transport could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpTransportError {
    /// Not an `http` or `https` URL.
    #[error("the RPC address is not an http:// or https:// URL")]
    Url,
    /// Plain HTTP to a node that is not nearby.
    #[error(
        "the RPC address is http:// and not nearby: anybody between could answer; use https://"
    )]
    Insecure,
    /// TLS could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

error_codes! {
    HttpTransportError {
        Url = "rpc.url" Permanent:
            "the RPC address is not an http:// or https:// URL", "correct it";
        Insecure = "rpc.insecure" Permanent:
            "the RPC address is http:// and the node is not nearby", "use https://";
        Client = "rpc.client" Permanent:
            "the HTTP client could not be set up", "check the system's TLS set-up";
    }
}

/// On this machine or in its private network.
fn is_nearby(url: &reqwest::Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => !host.trim_end_matches('.').contains('.') || host.ends_with(".localhost"),
    }
}

/// Providers put API keys into the path: errors never show it.
fn without_url(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}

fn failed(error: reqwest::Error) -> TransportError {
    let error = without_url(error);
    if error.is_connect() {
        TransportError::Unreachable(error.to_string())
    } else if error.is_timeout() {
        TransportError::Timeout
    } else {
        TransportError::Broken(error.to_string())
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn call(&self, request: Value) -> Result<Value, TransportError> {
        let sent = self.client.post(self.url.clone()).json(&request).send();
        let mut response = sent.await.map_err(failed)?;
        match response.status().as_u16() {
            200 => {}
            429 => return Err(TransportError::RateLimited),
            other => return Err(TransportError::Status(other)),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len().saturating_add(chunk.len()) > self.limit {
                return Err(TransportError::TooLarge { limit: self.limit });
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|e| TransportError::NotJson(e.to_string()))
    }
}
