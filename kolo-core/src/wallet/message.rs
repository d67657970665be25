//! Messages signed with a member's key, to prove elsewhere whose account it is.
use serde::{Deserialize, Serialize};

use super::Wallets;
use crate::port::authorizer::{CommandName, CommandRequest};
use crate::port::chain::ChainAddress;
use crate::port::vault::{Digest, Signature};
use crate::record::hex_bytes;
use crate::unit::Command;
use crate::{CommandContext, Error};

/// A message with its signature, by the chain's own standard for it (SEP-53 on Stellar).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedMessage {
    /// Whose account it is.
    pub address: ChainAddress,
    /// What was signed.
    pub message: String,
    /// The signature, 64 bytes.
    #[serde(with = "hex_bytes")]
    pub signature: Vec<u8>,
}

impl Wallets {
    /// Signs a text with the commanding member's key. It can be no transaction: the chain's client leads
    /// it with the word for messages, and the vault hashes what the client gave.
    ///
    /// Show the text to the member before: whoever gets the signature can show it to anybody.
    ///
    /// # Errors
    /// [`Error::NoSuchMember`]; a port's failure, also for a text that is too long.
    pub async fn sign_message(
        &self,
        ctx: &CommandContext,
        message: &str,
    ) -> Result<SignedMessage, Error> {
        let id = ctx.member()?;
        let request = CommandRequest::new(ctx, CommandName::SignMessage);
        let mut command = Command::asked(&self.kolo, ctx, request, &message).await?;
        if let Some(done) = command.replay()? {
            return Ok(done);
        }
        let member = self.kolo.member(id).await?;
        let ports = self.kolo.ports();
        let payload = ports.chain.message_payload(message.as_bytes())?;
        let (tenant, key) = (self.kolo.tenant(), &member.state.key);
        let Signature(bytes) = ports.vault.sign(tenant, key, Digest::Sha256, &payload).await?;
        let signed = SignedMessage {
            address: member.state.address.clone(),
            message: message.to_owned(),
            signature: bytes.to_vec(),
        };
        loop {
            let mut changes = command.changes();
            changes.event(&member.id, "member.message_signed", &signed)?;
            if let Some(signed) = command.commit(changes, signed.clone()).await? {
                return Ok(signed);
            }
        }
    }
}
