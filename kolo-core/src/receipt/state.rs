//! What a receipt says, and the bytes that are signed.
//!
//! | event of the chain | kind | party | round |
//! |---|---|---|---|
//! | `contribution_made` | contribution | who paid | its round |
//! | `debt_repaid` | repayment | who paid back | 0 |
//! | `draw_committed` | bond | who left it | 0 |
//! | `deposit_made` | deposit | who paid it in | 0 |
//! | `payout_made` | payout | whose turn it was | its round |
//! | `credit_pushed` | credit | to whom what was kept has been delivered | 0 |
//! | `refund_claimed` | refund | who got it | 0 |
//!
//! The bytes are `kolo:receipt:1` and then every field in the order of [`Receipt`], each as its length
//! (4 bytes, big endian) and its bytes: texts in UTF-8, `amount` as 8, `at` as 8, `round`, `decimals`
//! and `credited` as one byte, all big endian. Nothing is optional and nothing is left out, so no two
//! receipts have the same bytes. A later form has another first line and never reads as this one.
use std::fmt;

use kolo_rules::Amount;
use serde::{Deserialize, Serialize};

use crate::circle::state::Circle;
use crate::port::chain::{ChainAddress, ChainEvent, CircleChainEvent};
use crate::{Asset, CircleId, Money, TenantId, Timestamp};

/// What leads the bytes: their meaning and their version.
pub(super) const DOMAIN: &str = "kolo:receipt:1";

/// What money was moved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReceiptKind {
    /// A member paid in.
    Contribution,
    /// A member paid back what they owed from an earlier round.
    Repayment,
    /// A member left the bond for a draw.
    Bond,
    /// A member paid in what is due before the first round.
    Deposit,
    /// A round's pot went out.
    Payout,
    /// A pot that could not be delivered at first has been.
    Credit,
    /// A share of a dissolved circle.
    Refund,
}

impl ReceiptKind {
    /// Its name in the signed bytes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contribution => "contribution",
            Self::Repayment => "repayment",
            Self::Bond => "bond",
            Self::Deposit => "deposit",
            Self::Payout => "payout",
            Self::Credit => "credit",
            Self::Refund => "refund",
        }
    }
}

/// One movement of a circle's money, as the chain told it. No phone number and no person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose brand.
    pub tenant: TenantId,
    /// What for.
    pub kind: ReceiptKind,
    /// In which circle.
    pub circle: CircleId,
    /// What that is called.
    pub circle_name: String,
    /// Its contract; its address also says on which network.
    pub contract: ChainAddress,
    /// The round, 1-based; 0 where it belongs to none.
    pub round: u8,
    /// Who paid (contribution, repayment) or received (the others).
    pub party: ChainAddress,
    /// How much, in minor units of the asset; ≥ 0 (a pot may have been empty).
    #[serde(with = "crate::money::amount_serde")]
    pub amount: Amount,
    /// Of what.
    pub asset: Asset,
    /// When the ledger that did it closed.
    pub at: Timestamp,
    /// The chain transaction (hex hash).
    pub tx: String,
    /// The chain's own id of the event.
    pub event: String,
    /// Of a payout: it could not be delivered and is kept for the party.
    pub credited: bool,
}

impl Receipt {
    /// The receipt an event calls for; `None` when it moves nobody's money.
    pub(crate) fn of(
        tenant: &TenantId,
        circle: &Circle,
        event: &ChainEvent,
        what: &CircleChainEvent,
    ) -> Option<Self> {
        use CircleChainEvent as E;
        let (kind, party, round, amount, kept) = match what {
            E::ContributionMade { member, round, amount, .. } => {
                (ReceiptKind::Contribution, member, *round, *amount, false)
            }
            E::DebtRepaid { member, amount, .. } => {
                (ReceiptKind::Repayment, member, 0, *amount, false)
            }
            E::DrawCommitted { member, .. } => {
                (ReceiptKind::Bond, member, 0, circle.rules().ok()?.bond, false)
            }
            E::DepositMade { member, amount } => (ReceiptKind::Deposit, member, 0, *amount, false),
            E::PayoutMade { recipient, round, amount, credited } => {
                (ReceiptKind::Payout, recipient, *round, *amount, *credited)
            }
            E::CreditPushed { member, amount } => (ReceiptKind::Credit, member, 0, *amount, false),
            E::RefundClaimed { member, amount } => (ReceiptKind::Refund, member, 0, *amount, false),
            _ => return None,
        };
        Some(Self {
            tenant: tenant.clone(),
            kind,
            circle: circle.id,
            circle_name: circle.name.clone(),
            contract: circle.address.clone(),
            round,
            party: party.clone(),
            amount,
            asset: circle.asset.clone(),
            at: event.closed_at,
            tx: event.tx.clone(),
            event: event.id.clone(),
            credited: kept,
        })
    }

    /// How much of what.
    #[must_use]
    pub fn money(&self) -> Money {
        Money { amount: self.amount, asset: self.asset.clone() }
    }

    /// The bytes that are signed: see the head of this file.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let circle = self.circle.to_string();
        let fields: [&[u8]; 15] = [
            self.tenant.as_str().as_bytes(),
            self.kind.name().as_bytes(),
            circle.as_bytes(),
            self.circle_name.as_bytes(),
            self.contract.0.as_bytes(),
            &[self.round],
            self.party.0.as_bytes(),
            &self.amount.minor_units().to_be_bytes(),
            self.asset.code.as_bytes(),
            self.asset.issuer.as_bytes(),
            &[self.asset.decimals],
            &self.at.unix().to_be_bytes(),
            self.tx.as_bytes(),
            self.event.as_bytes(),
            &[u8::from(self.credited)],
        ];
        let mut bytes = DOMAIN.as_bytes().to_vec();
        for field in fields {
            // No text anywhere near 4 GiB gets in; saturating would still differ by its bytes.
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }
}

impl fmt::Display for Receipt {
    /// One line for logs and tools: `payout of 30.00 USDC, Market Women, round 1, to G…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.kind {
            ReceiptKind::Contribution
            | ReceiptKind::Repayment
            | ReceiptKind::Bond
            | ReceiptKind::Deposit => "by",
            ReceiptKind::Payout if self.credited => "kept for",
            _ => "to",
        };
        write!(f, "{} of {}, {}", self.kind.name(), self.money(), self.circle_name)?;
        if self.round > 0 {
            write!(f, ", round {}", self.round)?;
        }
        write!(f, ", {way} {}", self.party)
    }
}
