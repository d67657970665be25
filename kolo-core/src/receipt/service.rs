//! Issuing receipts, and finding them again.
use super::number::ReceiptNumber;
use super::signed::SignedReceipt;
use super::state::Receipt;
use crate::circle::state::Circle;
use crate::port::chain::{ChainEvent, CircleChainEvent};
use crate::port::vault::{Digest, PublicKey};
use crate::port::{PortError, PortErrorKind, Retry};
use crate::record::Loaded;
use crate::unit::Changes;
use crate::{CircleId, Error, Kolo, MemberId};

/// Unique name of a receipt: its number.
const INDEX: &str = "receipt";

/// Longest page of a circle's receipts.
const PAGE_MAX: usize = 1_000;

/// A receipt as a member of its circle sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptView {
    /// What was signed.
    pub signed: SignedReceipt,
    /// What the party is called in the circle; nobody signed this.
    pub party_name: String,
}

/// See [`Kolo::receipts`].
pub struct Receipts {
    kolo: Kolo,
}

impl Receipts {
    pub(crate) fn new(kolo: Kolo) -> Self {
        Self { kolo }
    }

    /// The public key receipts are checked against; publish it where people can find it.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.kolo.operator().receipts
    }

    /// The receipt with this number, as typed, for a member of its circle, or for whose it is, also after
    /// their seat was sold or moved.
    ///
    /// # Errors
    /// [`Error::NoSuchReceipt`] when there is none, and just so when it is another circle's.
    pub async fn of_member(&self, reader: MemberId, number: &str) -> Result<ReceiptView, Error> {
        let signed = self.by_number(number).await?;
        let circle = self.kolo.load::<Circle>(signed.receipt.circle).await?;
        let circle = circle.ok_or(Error::NoSuchReceipt)?.state;
        let reader = self.kolo.member(reader).await?.state;
        // One's own stay one's own, also when the seat is somebody else's now.
        let own = reader.address == signed.receipt.party;
        if !own && !circle.concerns(reader.id) {
            return Err(Error::NoSuchReceipt);
        }
        let party = circle.seat_of(&signed.receipt.party).and_then(|seat| circle.holder(seat));
        let party_name = match party {
            Some(holder) => holder.name.clone(),
            None if own => reader.name,
            None => String::new(),
        };
        Ok(ReceiptView { signed, party_name })
    }

    /// The receipt with this number, as typed, whoever asks: for the host, which knows whom it shows it.
    ///
    /// # Errors
    /// [`Error::NoSuchReceipt`].
    pub async fn by_number(&self, number: &str) -> Result<SignedReceipt, Error> {
        let number: ReceiptNumber = number.parse().map_err(|_| Error::NoSuchReceipt)?;
        let id = self.kolo.find(INDEX, &number.to_string()).await?.ok_or(Error::NoSuchReceipt)?;
        let found: Option<Loaded<SignedReceipt>> = self.kolo.load(id).await?;
        Ok(found.ok_or(Error::NoSuchReceipt)?.state)
    }

    /// A circle's receipts, oldest first, after the one of the chain event `after`, at most `limit`.
    ///
    /// # Errors
    /// A port's failure.
    pub async fn of_circle(
        &self,
        circle: CircleId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<SignedReceipt>, Error> {
        let after = key(circle, after.unwrap_or_default());
        let limit = limit.clamp(1, PAGE_MAX);
        let found: Vec<Loaded<SignedReceipt>> = self.kolo.list(Some(after), limit).await?;
        let of_circle = |receipt: &SignedReceipt| receipt.receipt.circle == circle;
        Ok(found.into_iter().map(|found| found.state).take_while(of_circle).collect())
    }
}

impl Kolo {
    /// Signs the receipt an event calls for and writes it into the event's own change set: whoever is
    /// told of the effect can be told the number, and a crash before the commit leaves nothing (the
    /// next attempt signs the same bytes, which gives the same signature and number).
    pub(crate) async fn issue_receipt(
        &self,
        changes: &mut Changes,
        circle: &Circle,
        event: &ChainEvent,
        what: &CircleChainEvent,
    ) -> Result<Option<ReceiptNumber>, Error> {
        let Some(receipt) = Receipt::of(self.tenant(), circle, event, what) else {
            return Ok(None);
        };
        let operator = self.operator().receipts;
        let bytes = receipt.canonical();
        let signature =
            self.ports().vault.sign(self.tenant(), &operator, Digest::Raw, &bytes).await?;
        let signed = SignedReceipt::new(receipt, operator, signature);
        // Nobody is told of a receipt that does not hold.
        signed.verify(&operator).map_err(|error| {
            let what = "the vault's signature under a receipt does not fit: check the vault";
            PortError::new(PortErrorKind::Corrupt, Retry::Permanent, what).because(error)
        })?;
        let number = signed.number;
        let fresh = Loaded::fresh(&key(circle.id, &event.id), signed);
        changes.write(&fresh)?;
        changes.claim(INDEX, number.to_string(), &fresh.id);
        changes.event(&fresh.id, "receipt.issued", &fresh.state)?;
        Ok(Some(number))
    }
}

/// Of the aggregate: a circle's receipts stand together, in the order of the chain.
fn key(circle: CircleId, event: &str) -> String {
    format!("{circle}/{event}")
}
