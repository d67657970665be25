//! What has happened on the chain.
use kolo_rules::circle::{Motion, Phase};
use kolo_rules::{Amount, Rules};
use serde::{Deserialize, Serialize};

use super::ChainAddress;
use crate::port::vault::PublicKey;
use crate::record::hex_bytes;
use crate::{Asset, Timestamp};

/// One event of the chain, under its own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEvent {
    /// The chain's own id: unique, and ordered as text.
    pub id: String,
    /// Which ledger.
    pub ledger: u32,
    /// When that closed: the contract's `now`.
    pub closed_at: Timestamp,
    /// The transaction (hex hash, as [`SignedTx::hash`]).
    pub tx: String,
    /// What happened.
    pub body: ChainEventBody,
}

/// What an event says. Addresses are as on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainEventBody {
    /// Our factory made a circle.
    GroupCreated {
        /// The circle.
        circle: ChainAddress,
        /// Its organiser.
        organiser: ChainAddress,
        /// Its rules.
        rules: Rules,
    },
    /// Something happened in a circle.
    Circle {
        /// Which contract said so.
        circle: ChainAddress,
        /// What.
        event: CircleChainEvent,
    },
    /// The asset moved; `None` = issued or redeemed.
    Transfer {
        /// Of which asset.
        asset: Asset,
        /// From whom.
        from: Option<ChainAddress>,
        /// To whom.
        to: Option<ChainAddress>,
        /// How much.
        amount: Amount,
    },
    /// Not known to this version, or not of the documented form; kept raw.
    Unknown {
        /// Which contract said so.
        contract: ChainAddress,
        /// Whether that is the factory or an asset of ours; which circles are ours, the adapter does not
        /// know.
        ours: bool,
        /// The event in the adapter's text form.
        raw: String,
    },
}

/// What happened in a circle; see the contract's page for each. Stored as
/// part of the record's events: a field is added with a default, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the contract's, documented on its page")]
pub enum CircleChainEvent {
    InvitationAdded {
        key: Option<PublicKey>,
        address: Option<ChainAddress>,
        turn: Option<u8>,
        expires_at: Timestamp,
    },
    InvitationRevoked {
        key: Option<PublicKey>,
        address: Option<ChainAddress>,
    },
    ParticipantJoined {
        member: ChainAddress,
        seat: u8,
        turn: u8,
    },
    ParticipantLeft {
        member: ChainAddress,
        removed: bool,
    },
    GroupStarted {
        started_at: Timestamp,
        order: Vec<ChainAddress>,
    },
    ContributionMade {
        member: ChainAddress,
        round: u8,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
        late: bool,
    },
    PayoutMade {
        recipient: ChainAddress,
        round: u8,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
        credited: bool,
    },
    CreditPushed {
        member: ChainAddress,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    DebtRepaid {
        member: ChainAddress,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
        credited: Vec<ChainAddress>,
    },
    JoinRequested {
        member: ChainAddress,
    },
    JoinRejected {
        member: ChainAddress,
    },
    GettingReady {
        #[serde(with = "phase_serde")]
        phase: Phase,
    },
    DrawCommitted {
        member: ChainAddress,
        #[serde(with = "hex_bytes")]
        commitment: [u8; 32],
    },
    DrawRevealed {
        member: ChainAddress,
        #[serde(with = "hex_bytes")]
        secret: [u8; 32],
    },
    OrderDrawn {
        #[serde(with = "hex_bytes")]
        seed: [u8; 32],
    },
    DepositMade {
        member: ChainAddress,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    SetupExpired {
        #[serde(with = "phase_serde")]
        phase: Phase,
    },
    BidMade {
        member: ChainAddress,
        round: u8,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    InsuranceClaimed {
        member: ChainAddress,
        round: u8,
        defaulter: ChainAddress,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    TurnsSwapped {
        a: ChainAddress,
        b: ChainAddress,
        #[serde(with = "crate::money::amount_serde")]
        deposit: Amount,
    },
    ExitAnnounced {
        member: ChainAddress,
    },
    MemberExpelled {
        member: ChainAddress,
    },
    SeatSold {
        leaver: ChainAddress,
        newcomer: ChainAddress,
        #[serde(with = "crate::money::amount_serde")]
        price: Amount,
        #[serde(with = "crate::money::amount_serde")]
        deposit: Amount,
    },
    SeatMoved {
        from: ChainAddress,
        to: ChainAddress,
    },
    MoveObjected {
        member: ChainAddress,
    },
    ProposalMade {
        member: ChainAddress,
        proposal: u32,
        #[serde(with = "motion_serde")]
        motion: Motion,
        subject: Option<ChainAddress>,
        newcomer: Option<ChainAddress>,
        electorate: u32,
        expires_at: Timestamp,
    },
    VoteCast {
        member: ChainAddress,
        proposal: u32,
        approve: bool,
    },
    ProposalRejected {
        proposal: u32,
    },
    GroupClosed {
        reason: u32,
    },
    RefundClaimed {
        member: ChainAddress,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    UpgradeSigned {
        member: ChainAddress,
        #[serde(with = "hex_bytes")]
        wasm: [u8; 32],
    },
    Upgraded {
        #[serde(with = "hex_bytes")]
        wasm: [u8; 32],
    },
    Synced {
        #[serde(with = "crate::money::amount_serde")]
        surplus: Amount,
        #[serde(with = "crate::money::amount_serde")]
        shortfall: Amount,
    },
}

/// What the rules number, by its number.
macro_rules! numbered {
    ($module:ident, $kind:ty) => {
        mod $module {
            use serde::{Deserialize, Deserializer, Serializer};

            pub fn serialize<S: Serializer>(
                value: &$kind,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(*value as u8)
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$kind, D::Error> {
                let number = u8::deserialize(deserializer)?;
                let value = <$kind>::ALL.get(usize::from(number)).copied();
                value.ok_or_else(|| serde::de::Error::custom("not a number of this kind"))
            }
        }
    };
}

numbered!(phase_serde, kolo_rules::circle::Phase);
numbered!(motion_serde, kolo_rules::circle::Motion);
