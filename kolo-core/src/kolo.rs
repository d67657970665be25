//! The handle a product holds, and how it is built.
use std::sync::Arc;

use crate::circle::Circles;
use crate::intent::Desk;
use crate::member::Members;
use crate::offer::Offers;
use crate::port::authorizer::DomainRules;
use crate::port::vault::PublicKey;
use crate::port::{
    Authorizer, ChainClient, Clock, Entropy, KeyExport, KeyVault, Ledger, SecondFactor, WorkQueue,
};
use crate::receipt::Receipts;
use crate::wallet::Wallets;
use crate::wallet::page::{Authenticator, KeyPage, KeyPageSettings};
use crate::{AllowedAsset, Asset, AssetList, AssetsDiffer, Caps, Error, TenantId};

/// The operator's public keys; their secret halves are in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorKeys {
    /// Pays the reserves of members' accounts.
    pub sponsor: PublicKey,
    /// Pays the fees.
    pub fees: PublicKey,
    /// Source of calls nobody signs (payouts).
    pub keeper: PublicKey,
    /// Signs receipts, and nothing else.
    pub receipts: PublicKey,
    /// Issuer of the test dollar, on networks where there is one.
    pub issuer: Option<PublicKey>,
}

/// Figures a host may set; the defaults suit a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long an invitation is good, seconds (14 days).
    pub invitation_s: u64,
    /// How long a vote is open, seconds (7 days).
    pub vote_s: u32,
    /// Fixed offset of circles' schedules from UTC, seconds (0).
    pub utc_offset_s: i32,
    /// Smallest and largest number of places (2 to 20).
    pub seats: (u8, u8),
    /// How long a day is in the intervals of new circles, seconds (86,400). Less only where a circle is
    /// shown in real time: the product's bounds stay bounds in days.
    pub day_s: u32,
    /// How long a work item is leased, seconds (60).
    pub lease_s: u64,
    /// The most test money one request may ask for, minor units (1,000 units of 7 decimals).
    pub test_money_max: i64,
    /// Between two comparisons of members' wallets with their balances on the chain, seconds (60); 0: only
    /// after a gap in history, where the nodes are known to tell every payment.
    pub compare_wallets_s: u64,
    /// What may be begun in one day at the sponsor's cost.
    pub caps: Caps,
    /// Channel accounts beside the keeper, at most ([`MOST_CHANNELS`] are used; 0): so many more of the calls
    /// nobody signs for (payouts first of all) can be under way at once. They are opened when they are
    /// needed, at the sponsor's cost of one reserve each, and hold nothing.
    pub channels: u16,
}

/// The most channel accounts of a tenant.
pub const MOST_CHANNELS: u16 = 256;

impl Default for Settings {
    fn default() -> Self {
        Self {
            invitation_s: 14 * 86_400,
            vote_s: 7 * 86_400,
            utc_offset_s: 0,
            seats: (2, 20),
            day_s: 86_400,
            lease_s: 60,
            test_money_max: 10_000_000_000,
            compare_wallets_s: 60,
            caps: Caps::default(),
            channels: 0,
        }
    }
}

/// Everything a [`Kolo`] stands on.
#[derive(Clone)]
pub struct Ports {
    /// The durable record.
    pub ledger: Arc<dyn Ledger>,
    /// The work queue of the same store.
    pub queue: Arc<dyn WorkQueue>,
    /// The settlement rail.
    pub chain: Arc<dyn ChainClient>,
    /// The keys.
    pub vault: Arc<dyn KeyVault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Group savings for one tenant. Cheap to clone.
#[derive(Clone)]
pub struct Kolo {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    tenant: TenantId,
    ports: Ports,
    assets: AssetList,
    operator: OperatorKeys,
    settings: Settings,
    authorizer: Arc<dyn Authorizer>,
    desk: Desk,
    export: Option<Export>,
    page: Option<KeyPageSettings>,
}

/// What handing out keys takes.
#[derive(Clone)]
pub(crate) struct Export {
    pub keys: Arc<dyn KeyExport>,
    pub factor: Arc<dyn SecondFactor>,
    /// By codes of the member's page.
    pub on_page: bool,
}

impl Kolo {
    /// On these ports, saving in `assets`: an [`AssetList`], or one [`Asset`] alone. What was on the list
    /// stays on it for as long as anybody has any of it, or a circle saves in it.
    ///
    /// # Errors
    /// [`AssetsDiffer`] when the chain client follows other assets: of what it does not follow, payments would
    /// go unseen.
    pub fn try_new(
        tenant: TenantId,
        ports: Ports,
        assets: impl Into<AssetList>,
        operator: OperatorKeys,
        mut settings: Settings,
    ) -> Result<Self, AssetsDiffer> {
        let authorizer = Arc::new(DomainRules);
        settings.channels = settings.channels.min(MOST_CHANNELS);
        let (desk, export, page) = (Desk::default(), None, None);
        let assets = assets.into();
        if let Some(followed) = ports.chain.assets() {
            assets.check_same(&followed)?;
        }
        let inner =
            Inner { tenant, ports, assets, operator, settings, authorizer, desk, export, page };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Asking this host before every command. Services and workers made before do not know of it.
    #[must_use]
    pub fn with_authorizer(self, authorizer: Arc<dyn Authorizer>) -> Self {
        let inner = Arc::unwrap_or_clone(self.inner);
        Self { inner: Arc::new(Inner { authorizer, ..inner }) }
    }

    /// Letting members export their keys, once `factor` has said that it is they who ask. Without this
    /// no key leaves.
    #[must_use]
    pub fn with_key_export(self, keys: Arc<dyn KeyExport>, factor: Arc<dyn SecondFactor>) -> Self {
        let inner = Arc::unwrap_or_clone(self.inner);
        Self {
            inner: Arc::new(Inner {
                export: Some(Export { keys, factor, on_page: false }),
                ..inner
            }),
        }
    }

    /// Offering members a page outside the chat ([`Self::key_page`]), with codes of their authenticators as the
    /// second factor. With `keys` they can take their keys away there; without, close and leave the
    /// sponsorship only, also where [`Self::with_key_export`] hands keys out by a factor of the host's.
    #[must_use]
    pub fn with_key_page(self, page: KeyPageSettings, keys: Option<Arc<dyn KeyExport>>) -> Self {
        let factor = Arc::new(Authenticator::new(self.clone()));
        let mut inner = Arc::unwrap_or_clone(self.inner);
        inner.page = Some(page);
        inner.export = keys.map(|keys| Export { keys, factor, on_page: true }).or(inner.export);
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn key_page_settings(&self) -> Option<&KeyPageSettings> {
        self.inner.page.as_ref()
    }

    pub(crate) fn export(&self) -> Option<&Export> {
        self.inner.export.as_ref()
    }

    /// People.
    #[must_use]
    pub fn members(&self) -> Members {
        Members::new(self.clone())
    }

    /// Their money.
    #[must_use]
    pub fn wallets(&self) -> Wallets {
        Wallets::new(self.clone())
    }

    /// What members do with their keys outside the chat.
    #[must_use]
    pub fn key_page(&self) -> KeyPage {
        KeyPage::new(self.clone())
    }

    /// Their circles.
    #[must_use]
    pub fn circles(&self) -> Circles {
        Circles::new(self.clone())
    }

    /// What takes the consent of two.
    #[must_use]
    pub fn offers(&self) -> Offers {
        Offers::new(self.clone())
    }

    /// Proofs of what was paid in and out.
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        Receipts::new(self.clone())
    }

    /// Whose this is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.inner.tenant
    }

    /// What it saves in unless somebody says otherwise.
    #[must_use]
    pub fn asset(&self) -> &Asset {
        &self.inner.assets.usual().asset
    }

    /// All it saves in, the usual one first.
    #[must_use]
    pub fn assets(&self) -> &AssetList {
        &self.inner.assets
    }

    /// The entry of an asset on the list.
    ///
    /// # Errors
    /// [`Error::AssetNotAllowed`].
    pub fn allowed(&self, asset: &Asset) -> Result<&AllowedAsset, Error> {
        let code = || asset.code.clone();
        self.assets().find(asset).ok_or_else(|| Error::AssetNotAllowed { code: code() })
    }

    /// The operator's keys.
    #[must_use]
    pub fn operator(&self) -> &OperatorKeys {
        &self.inner.operator
    }

    /// The host's figures.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Who is asked before a command.
    #[must_use]
    pub fn authorizer(&self) -> &dyn Authorizer {
        self.inner.authorizer.as_ref()
    }

    /// Which channel accounts this process prepares on.
    pub(crate) fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    /// What it stands on.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.inner.ports
    }

    /// Now, by the clock it was given.
    #[must_use]
    pub fn now(&self) -> crate::Timestamp {
        self.inner.ports.clock.now()
    }
}
