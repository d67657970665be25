//! Books against chain: what differs, with both sides' evidence.
//!
//! The contract is the truth about a pot, the books about people's accounts with us; both must tell
//! the same. What is on its way differs for a moment: compare when nothing is under way, or look again.
use kolo_rules::{Amount, Circle as Mirror};

use super::invite::hex;
use super::postings::{sum, vault, wallet};
use super::service::Circles;
use super::state::{Circle, Contract};
use crate::port::chain::{ChainAddress, CircleOnChain};
use crate::port::ledger::AccountId;
use crate::{CircleId, Error, MemberId};

/// One thing on which our records and the chain do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The contract we count on is not there.
    NoContract {
        /// Where it should be.
        address: ChainAddress,
    },
    /// An event did not follow from our mirror by the circle's rules.
    Diverged {
        /// The event and why.
        why: String,
    },
    /// The circle runs code nobody here vouches for: it was not followed from there on, and of its vault
    /// nothing is in the books.
    OtherCode {
        /// SHA-256 of its wasm, in hex; `None` when it runs none.
        code: Option<String>,
    },
    /// The state: `kolo_rules::Circle::encode` bytes, `None` for a finished circle.
    State {
        /// Of our mirror.
        ours: Option<Vec<u8>>,
        /// Of the contract.
        chain: Option<Vec<u8>>,
    },
    /// Who sits where, in seat order.
    Members {
        /// In our records.
        ours: Vec<ChainAddress>,
        /// In the contract.
        chain: Vec<ChainAddress>,
    },
    /// The circle's accounts against the vault's tokens, minor units.
    Vault {
        /// In the books.
        books: Amount,
        /// On the chain.
        chain: Amount,
    },
    /// A member's wallet account against the tokens at their address, minor units.
    Wallet {
        /// Whose.
        member: MemberId,
        /// In the books, settled.
        books: Amount,
        /// On the chain.
        chain: Amount,
    },
}

impl Circles {
    /// Compares a circle and its members' wallets with the chain; empty when all agree.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`]; a port's failure: then nothing is known.
    pub async fn reconcile(&self, circle: CircleId) -> Result<Vec<Difference>, Error> {
        let found = self.kolo.circle(circle).await?.state;
        let mut differences = Vec::new();
        if let Some(why) = &found.diverged {
            differences.push(Difference::Diverged { why: why.clone() });
        }
        if let Some(other) = &found.other_code {
            differences.push(Difference::OtherCode { code: other.code.clone() });
        }
        if found.contract == Contract::Live {
            match self.kolo.ports().chain.circle(&found.address, &found.asset).await? {
                Some(there) => self.compare(&found, there, &mut differences).await?,
                None => differences.push(Difference::NoContract { address: found.address.clone() }),
            }
        }
        for holder in &found.holders {
            if let Some(member) = holder.member {
                differences.extend(self.wallet_difference(&found, member, &holder.address).await?);
            }
        }
        Ok(differences)
    }

    async fn compare(
        &self,
        circle: &Circle,
        there: CircleOnChain,
        differences: &mut Vec<Difference>,
    ) -> Result<(), Error> {
        if !there.code.is_some_and(|code| self.kolo.ports().chain.knows_code(&code)) {
            let code = there.code.map(|code| hex(&code));
            differences.push(Difference::OtherCode { code });
            return Ok(());
        }
        let mirror = circle.mirror()?;
        let is_finished = mirror.is_finished();
        // Decoded: the contract keeps room for what was once in a row, and so has other bytes for the same.
        let same = match &there.state {
            Some(bytes) => {
                !is_finished && Mirror::decode(bytes).is_ok_and(|chain| chain == *mirror)
            }
            None => is_finished,
        };
        if !same {
            let ours = (!is_finished).then(|| circle.mirror.clone());
            differences.push(Difference::State { ours, chain: there.state });
        }
        // A finished circle's members are deleted with its state; ours stay for the statements.
        let ours: Vec<_> = circle.holders.iter().map(|holder| holder.address.clone()).collect();
        if !is_finished && ours != there.members {
            differences.push(Difference::Members { ours, chain: there.members });
        }
        let books = self.settled(&vault(circle.id, &circle.asset)).await?;
        if books != there.vault {
            differences.push(Difference::Vault { books, chain: there.vault });
        }
        Ok(())
    }

    async fn wallet_difference(
        &self,
        circle: &Circle,
        member: MemberId,
        address: &ChainAddress,
    ) -> Result<Option<Difference>, Error> {
        let books = self.settled(&[wallet(member, &circle.asset)]).await?;
        let chain = self.kolo.ports().chain.balance(address, &circle.asset).await?;
        Ok((books != chain).then_some(Difference::Wallet { member, books, chain }))
    }

    async fn settled(&self, accounts: &[AccountId]) -> Result<Amount, Error> {
        let ledger = &self.kolo.ports().ledger;
        Ok(sum(&ledger.balances(self.kolo.tenant(), accounts).await?)?)
    }
}
