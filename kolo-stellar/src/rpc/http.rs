//! JSON-RPC over HTTPS, with time-outs and a limit on what is read.
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
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    url: reqwest::Url,
    limit: usize,
}

impl HttpTransport {
    /// A node at `url` (`https://…`, or `http://…` for a local one).
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
        // An error says that the host program has chosen a provider before: its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| HttpTransportError::Client(without_url(e).to_string()))?;
        Ok(Self { client, url, limit: response_limit })
    }
}

/// Why a transport could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpTransportError {
    /// Not an `http` or `https` URL.
    #[error("the RPC address is not an http:// or https:// URL")]
    Url,
    /// TLS could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

error_codes! {
    HttpTransportError {
        Url = "rpc.url" Permanent:
            "the RPC address is not an http:// or https:// URL", "correct it";
        Client = "rpc.client" Permanent:
            "the HTTP client could not be set up", "check the system's TLS set-up";
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
