//! The adapter: a vault that is somewhere else.
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::{BASE64, HEXLOWER};
use kolo_core::port::vault::{Digest, KeyName, PublicKey, Signature};
use kolo_core::port::{KeyVault, PortError, PortErrorKind, Retry};
use kolo_core::{TenantId, error_codes};
use serde::Serialize;

use super::AccessToken;
use super::wire::{Create, Done, Sign, Trouble};

/// Long enough for a service on the other side of a continent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// No answer of the service is as long.
const RESPONSE_LIMIT: usize = 64 * 1024;

/// A vault behind a signing service.
pub struct RemoteVault {
    client: reqwest::Client,
    base: reqwest::Url,
    token: AccessToken,
}

/// Why a client of the service could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteVaultError {
    /// Not an address one may send the token to.
    #[error("the signing service's address must be https://, or http:// on this machine")]
    Url,
    /// TLS could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

error_codes! {
    RemoteVaultError {
        Url = "signer.url" Permanent:
            "the signing service's address is none the token may be sent to",
            "use https://, or http:// on this machine";
        Client = "signer.client" Permanent:
            "the HTTP client could not be set up", "check the system's TLS set-up";
    }
}

impl RemoteVault {
    /// The service at `url`: `https://…`, or `http://…` on loopback.
    ///
    /// # Errors
    /// [`RemoteVaultError`].
    pub fn try_new(url: &str, token: AccessToken) -> Result<Self, RemoteVaultError> {
        Self::with_timeout(url, token, REQUEST_TIMEOUT)
    }

    /// As [`Self::try_new`], with another limit than 15 s.
    ///
    /// # Errors
    /// As [`Self::try_new`].
    pub fn with_timeout(
        url: &str,
        token: AccessToken,
        timeout: Duration,
    ) -> Result<Self, RemoteVaultError> {
        let mut base = reqwest::Url::parse(url).map_err(|_| RemoteVaultError::Url)?;
        if !may_hear(&base) {
            return Err(RemoteVaultError::Url);
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // An error says that the host program has chosen a provider before: its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none());
        // A proxy would hear the token in the clear, and is on another machine.
        let builder = if base.scheme() == "http" { builder.no_proxy() } else { builder };
        let client = builder
            .build()
            .map_err(|error| RemoteVaultError::Client(error.without_url().to_string()))?;
        Ok(Self { client, base, token })
    }

    /// With the token in a header that no log of the client shows.
    fn request(&self, what: &str) -> Result<reqwest::RequestBuilder, PortError> {
        let url = self.base.join(&format!("v1/{what}"));
        let url = url.map_err(|e| odd("the address of the service").because(e))?;
        Ok(self.client.post(url).bearer_auth(self.token.expose()))
    }

    async fn ask(&self, what: &str, request: &impl Serialize) -> Result<Done, PortError> {
        let mut response = self.request(what)?.json(request).send().await.map_err(unanswered)?;
        let is_success = response.status().as_u16() == 200;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
            if body.len().saturating_add(chunk.len()) > RESPONSE_LIMIT {
                return Err(odd("an answer of that length"));
            }
            body.extend_from_slice(&chunk);
        }
        if is_success {
            return serde_json::from_slice(&body).map_err(|e| odd("the answer").because(e));
        }
        match serde_json::from_slice::<Trouble>(&body) {
            Ok(trouble) => Err(trouble.into()),
            // Whatever stands between us and the service has answered instead of it.
            Err(_) => {
                let why = format!("the signing service: HTTP status {}", response.status());
                Err(PortError::new(PortErrorKind::Unavailable, Retry::Temporary, why))
            }
        }
    }
}

#[async_trait]
impl KeyVault for RemoteVault {
    async fn create(&self, tenant: &TenantId, name: &KeyName) -> Result<PublicKey, PortError> {
        let request = Create { tenant: tenant.as_str().to_owned(), name: name.into() };
        match self.ask("create", &request).await? {
            Done::Key(key) => Ok(PublicKey(bytes(&key)?)),
            _ => Err(odd("the answer to create")),
        }
    }

    async fn sign(
        &self,
        tenant: &TenantId,
        key: &PublicKey,
        digest: Digest,
        payload: &[u8],
    ) -> Result<Signature, PortError> {
        let request = Sign {
            tenant: tenant.as_str().to_owned(),
            key: HEXLOWER.encode(&key.0),
            digest: digest.into(),
            payload: BASE64.encode(payload),
        };
        match self.ask("sign", &request).await? {
            Done::Signature(signature) => Ok(Signature(bytes(&signature)?)),
            _ => Err(odd("the answer to sign")),
        }
    }

    async fn rotate(&self) -> Result<u64, PortError> {
        match self.ask("rotate", &serde_json::json!({})).await? {
            Done::Count(count) => Ok(count),
            _ => Err(odd("the answer to rotate")),
        }
    }
}

/// Whether the token may be sent there: encrypted, or without leaving the machine.
fn may_hear(url: &reqwest::Url) -> bool {
    let loopback = match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && loopback
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], PortError> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| odd("the length of the answer"))
}

/// Signing and creating may be asked for again: the same comes of it.
fn unanswered(error: reqwest::Error) -> PortError {
    let kind = if error.is_timeout() { PortErrorKind::Timeout } else { PortErrorKind::Unavailable };
    PortError::new(kind, Retry::Temporary, "the signing service does not answer")
        .because(error.without_url())
}

fn odd(what: &str) -> PortError {
    let why = format!("the signing service: {what} is not of the documented form");
    PortError::new(PortErrorKind::Corrupt, Retry::Permanent, why)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_header_with_the_token_is_marked_as_a_secret() {
        let token = AccessToken::try_new("0123456789abcdef0123456789abcdef").unwrap();
        let vault = RemoteVault::try_new("http://127.0.0.1:1", token).unwrap();
        let request = vault.request("sign").unwrap().build().unwrap();
        let header = &request.headers()["authorization"];
        assert_eq!(header, "Bearer 0123456789abcdef0123456789abcdef");
        assert!(header.is_sensitive());
        assert!(!format!("{request:?}").contains("0123456789abcdef"));
    }
}
