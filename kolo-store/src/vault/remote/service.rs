//! The service's side: requests to a vault, without an HTTP server of its own.
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use kolo_core::TenantId;
use kolo_core::port::vault::{PublicKey, SigningPolicy};
use kolo_core::port::{KeyVault, PortError, PortErrorKind, Retry};
use serde::de::DeserializeOwned;

use super::AccessToken;
use super::wire::{Create, Done, Sign, Trouble};

/// A request's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
}

/// Requests to a vault. What is to be signed passes the policy first: the service does not take the
/// caller's word that it has been checked.
pub struct SigningService {
    vault: Arc<dyn KeyVault>,
    policy: Arc<dyn SigningPolicy>,
    token: AccessToken,
}

impl SigningService {
    /// Around a vault, for whoever knows the token.
    #[must_use]
    pub fn new(
        vault: Arc<dyn KeyVault>,
        policy: Arc<dyn SigningPolicy>,
        token: AccessToken,
    ) -> Self {
        Self { vault, policy, token }
    }

    /// Answers `POST path` with that `Authorization` header and body. Logs which key signed what kind of
    /// thing, never what.
    pub async fn answer(&self, path: &str, authorization: Option<&str>, body: &[u8]) -> Answer {
        if !authorization.is_some_and(|header| self.token.is_in(header)) {
            tracing::warn!(path, "a request without the access token");
            return refused(401, &denied("the access token is missing or not this service's"));
        }
        let done = match path {
            "/v1/create" => self.create(body).await,
            "/v1/sign" => self.sign(body).await,
            "/v1/rotate" => self.vault.rotate().await.map(Done::Count),
            _ => return refused(404, &invalid("there is no such request")),
        };
        match done.and_then(|done| serde_json::to_vec(&done).map_err(|_| invalid("the answer"))) {
            Ok(body) => Answer { status: 200, body },
            Err(error) => {
                tracing::warn!(path, %error, "a request was refused");
                refused(status_of(&error), &error)
            }
        }
    }

    async fn create(&self, body: &[u8]) -> Result<Done, PortError> {
        let Create { tenant, name } = read(body)?;
        let name = name.parse().ok_or_else(|| invalid("the name of the key"))?;
        let key = self.vault.create(&tenant_of(&tenant)?, &name).await?;
        tracing::info!(tenant, %name, "a key was created or found");
        Ok(Done::Key(HEXLOWER.encode(&key.0)))
    }

    async fn sign(&self, body: &[u8]) -> Result<Done, PortError> {
        let Sign { tenant, key, digest, payload } = read(body)?;
        let key = HEXLOWER.decode(key.as_bytes()).ok().and_then(|key| key.try_into().ok());
        let key = PublicKey(key.ok_or_else(|| invalid("the key"))?);
        let payload = BASE64.decode(payload.as_bytes()).map_err(|_| invalid("the payload"))?;
        self.policy.check(&key, digest.into(), &payload)?;
        let tenant = tenant_of(&tenant)?;
        let signature = self.vault.sign(&tenant, &key, digest.into(), &payload).await?;
        tracing::info!(%tenant, ?key, bytes = payload.len(), "signed");
        Ok(Done::Signature(HEXLOWER.encode(&signature.0)))
    }
}

fn tenant_of(text: &str) -> Result<TenantId, PortError> {
    TenantId::try_new(text).map_err(|_| invalid("the tenant"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, PortError> {
    // What serde says could repeat the payload.
    serde_json::from_slice(body).map_err(|_| invalid("the body"))
}

fn invalid(what: &str) -> PortError {
    let why = format!("{what} is not of the documented form");
    PortError::new(PortErrorKind::Invalid, Retry::Permanent, why)
}

fn denied(why: &str) -> PortError {
    PortError::new(PortErrorKind::Denied, Retry::Permanent, why)
}

fn status_of(error: &PortError) -> u16 {
    match (error.kind, error.retry) {
        (PortErrorKind::Invalid, _) => 422,
        (PortErrorKind::Denied, _) => 403,
        (_, Retry::Permanent) => 500,
        _ => 503,
    }
}

fn refused(status: u16, error: &PortError) -> Answer {
    Answer { status, body: serde_json::to_vec(&Trouble::from(error)).unwrap_or_default() }
}
