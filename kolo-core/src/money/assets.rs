//! The stablecoins a host lets people save in: an allow-list, by configuration.
use std::collections::BTreeSet;

use crate::{Asset, error_codes};

/// The most decimals an amount in 64 bits makes sense with.
const MOST_DECIMALS: u8 = 9;

/// The longest name people are shown.
const NAME_MAX: usize = 40;

/// An asset people may save in, and how they are shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedAsset {
    /// The asset.
    pub asset: Asset,
    /// What people call it, e.g. `US dollar`.
    pub name: String,
}

/// What a host lets people save in: one or more assets, each once; the first is the usual one.
///
/// A circle saves in one of them, which is part of its rules and never changes; the books keep an
/// account per asset ([`Asset::key`]), so that no pot and no wallet is ever added up across assets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetList {
    usual: AllowedAsset,
    others: Vec<AllowedAsset>,
}

/// Why a text or a list is no allow-list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssetListError {
    /// Nothing is allowed.
    #[error("no asset is allowed: name one as CODE:ISSUER:DECIMALS:NAME")]
    Empty,
    /// An entry is not of the form.
    #[error("{0:?} is no asset: write CODE:ISSUER:DECIMALS:NAME")]
    Form(String),
    /// The same asset twice, or two that people could not tell apart.
    #[error("{0} is there twice: each asset once, and no two of the same code or name")]
    Twice(String),
    /// A code that could not be told from the figure beside it.
    #[error("amounts of {0} could not be read: a code begins with a letter and is neither K nor M")]
    Code(String),
}

error_codes! {
    AssetListError {
        Empty = "assets.empty" Permanent:
            "no asset is allowed", "name one as CODE:ISSUER:DECIMALS:NAME";
        Form = "assets.form" Permanent:
            "an entry of the list is no asset", "write CODE:ISSUER:DECIMALS:NAME";
        Twice = "assets.twice" Permanent:
            "an asset is in the list twice, or two cannot be told apart",
            "each asset once, and no two of the same code or name";
        Code = "assets.code" Permanent:
            "a code cannot be told from the figure beside it",
            "take assets whose codes begin with a letter and are neither K nor M";
    }
}

/// The list of a host, and what its chain client was told to follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the list of assets and the chain client's differ (only on the list: {listed:?}, only the client's: {followed:?}): give both the same codes, issuers and decimals"
)]
pub struct AssetsDiffer {
    /// Keys ([`Asset::key`]) of what is on the list alone.
    pub listed: Vec<String>,
    /// Keys of what the client follows and the list has not.
    pub followed: Vec<String>,
}

error_codes! {
    struct AssetsDiffer = "assets.differ" Permanent:
        "the list of assets is not what the chain client was told to follow",
        "give both the same codes, issuers and decimals";
}

impl AssetList {
    /// These, the usual one first.
    ///
    /// # Errors
    /// [`AssetListError`].
    pub fn try_new(assets: Vec<AllowedAsset>) -> Result<Self, AssetListError> {
        let (mut codes, mut names) = (BTreeSet::new(), BTreeSet::new());
        for AllowedAsset { asset, name } in &assets {
            // "15" is no amount of "5", and "10k" is ten thousand.
            let reads = asset.code.starts_with(|first: char| first.is_ascii_alphabetic());
            let is_power = ["K", "M"].contains(&asset.code.to_uppercase().as_str());
            if !reads || is_power {
                return Err(AssetListError::Code(asset.code.clone()));
            }
            // Whoever reads "10 USDC" must not have to ask which.
            let of_others = assets.iter().map(|other| &other.asset.code);
            let of_others = of_others.filter(|code| **code != asset.code);
            let is_new = codes.insert(asset.code.to_lowercase())
                && names.insert(name.trim().to_lowercase())
                && !of_others.into_iter().any(|code| code.eq_ignore_ascii_case(name.trim()));
            if !is_new {
                return Err(AssetListError::Twice(asset.code.clone()));
            }
        }
        let mut assets = assets.into_iter();
        let usual = assets.next().ok_or(AssetListError::Empty)?;
        Ok(Self { usual, others: assets.collect() })
    }

    /// Reads entries `CODE:ISSUER:DECIMALS:NAME`, separated by commas:
    /// `USDC:GA5Z…:7:US dollar,EURC:GDHU…:7:Euro`.
    ///
    /// # Errors
    /// [`AssetListError`], naming the first entry that is none.
    pub fn parse(text: &str) -> Result<Self, AssetListError> {
        if text.trim().is_empty() {
            return Err(AssetListError::Empty);
        }
        let entries = text.split(',').map(|entry| {
            allowed(entry.trim()).ok_or_else(|| AssetListError::Form(entry.trim().to_owned()))
        });
        Self::try_new(entries.collect::<Result<_, _>>()?)
    }

    /// What people save in unless they say otherwise.
    #[must_use]
    pub const fn usual(&self) -> &AllowedAsset {
        &self.usual
    }

    /// Whether there is a choice.
    #[must_use]
    pub const fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// The entry of an asset, when it is allowed: by code and issuer, never by the code alone.
    #[must_use]
    pub fn find(&self, asset: &Asset) -> Option<&AllowedAsset> {
        self.iter().find(|allowed| allowed.asset == *asset)
    }

    /// The asset of that code, as people write it.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&AllowedAsset> {
        self.iter().find(|allowed| allowed.asset.code.eq_ignore_ascii_case(code.trim()))
    }

    /// The asset of that code or of that name, as people write it.
    #[must_use]
    pub fn called(&self, text: &str) -> Option<&AllowedAsset> {
        let text = text.trim().to_lowercase();
        self.by_code(&text).or_else(|| self.iter().find(|a| a.name.trim().to_lowercase() == text))
    }

    /// Whether these are the same, in whatever order.
    pub(crate) fn check_same(&self, followed: &[Asset]) -> Result<(), AssetsDiffer> {
        let alone = |asset: &&Asset| !followed.contains(asset);
        let listed: Vec<_> =
            self.iter().map(|allowed| &allowed.asset).filter(alone).map(Asset::key).collect();
        let followed: Vec<_> =
            followed.iter().filter(|asset| self.find(asset).is_none()).map(Asset::key).collect();
        if listed.is_empty() && followed.is_empty() {
            return Ok(());
        }
        Err(AssetsDiffer { listed, followed })
    }

    /// All of them, the usual one first.
    pub fn iter(&self) -> impl Iterator<Item = &AllowedAsset> {
        std::iter::once(&self.usual).chain(&self.others)
    }
}

impl From<Asset> for AssetList {
    /// That one and no other, called by its code.
    fn from(asset: Asset) -> Self {
        let usual = AllowedAsset { name: asset.code.clone(), asset };
        Self { usual, others: Vec::new() }
    }
}

fn allowed(entry: &str) -> Option<AllowedAsset> {
    let mut parts = entry.splitn(4, ':').map(str::trim);
    let (code, issuer) = (parts.next()?, parts.next()?);
    let (decimals, name) = (parts.next()?.parse::<u8>().ok()?, parts.next()?);
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_name = (1..=NAME_MAX).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || c == ':');
    let fits = is_word(code) && code.len() <= 12 && is_word(issuer) && is_name;
    (fits && decimals <= MOST_DECIMALS).then(|| AllowedAsset {
        asset: Asset { code: code.to_owned(), issuer: issuer.to_owned(), decimals },
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "USDC:GISSUER1:7:US dollar, EURC:GISSUER2:7:Euro";

    #[test]
    fn a_list_says_what_is_allowed_and_what_it_is_called() {
        let list = AssetList::parse(TWO).unwrap();
        assert_eq!(list.usual().name, "US dollar");
        assert_eq!(list.iter().count(), 2);
        let euro = list.by_code(" eurc").unwrap();
        assert_eq!((euro.name.as_str(), euro.asset.decimals), ("Euro", 7));
        assert_eq!(list.find(&euro.asset), Some(euro));
        assert_eq!(list.by_code("USD"), None);
        assert_eq!(list.called(" us DOLLAR "), Some(list.usual()));
        assert_eq!(list.called("eurc"), Some(euro));
        assert_eq!(list.called("dollar"), None);
    }

    #[test]
    fn one_asset_is_a_list_without_a_choice() {
        let two = AssetList::parse(TWO).unwrap();
        let one = AssetList::from(two.usual().asset.clone());
        assert!(two.are_several() && !one.are_several());
        assert_eq!((one.usual().name.as_str(), one.iter().count()), ("USDC", 1));
    }

    /// Anybody can issue something they call USDC.
    #[test]
    fn the_same_code_of_another_issuer_is_not_allowed() {
        let list = AssetList::parse(TWO).unwrap();
        let real = &list.by_code("USDC").unwrap().asset;
        let fake = Asset { issuer: "GISSUER3".to_owned(), ..real.clone() };
        assert_eq!(list.find(&fake), None);
        let coarse = Asset { decimals: 2, ..real.clone() };
        assert_eq!(list.find(&coarse), None);
    }

    #[test]
    fn what_could_not_be_read_beside_a_figure_is_refused() {
        for code in ["5", "5USD", "K", "m"] {
            let refused = AssetList::parse(&format!("{code}:G:7:Dollar"));
            assert_eq!(refused, Err(AssetListError::Code(code.to_owned())), "{code}");
        }
        for list in ["USDC:G:7:US dollar,EURC:G:7:usdc", "USDC:G:7:eurc,EURC:G:7:Euro"] {
            assert!(matches!(AssetList::parse(list), Err(AssetListError::Twice(_))), "{list}");
        }
        // Its own name it may have.
        assert!(AssetList::parse("USDC:G:7:USDC,EURC:G:7:EURC").is_ok());
    }

    #[test]
    fn what_is_no_list_is_refused_by_the_entry() {
        assert_eq!(AssetList::parse(" "), Err(AssetListError::Empty));
        assert_eq!(AssetList::try_new(vec![]), Err(AssetListError::Empty));
        for entry in [
            "USDC",
            "USDC:G",
            "USDC:G:7",
            "USDC:G:7:",
            "USDC:G:x:Dollar",
            "USDC:G:10:Dollar",
            "US-DC:G:7:Dollar",
            "ABCDEFGHIJKLM:G:7:Dollar",
            ":G:7:Dollar",
            "USDC::7:Dollar",
            "USDC:G:7:Dol:lar",
            "USDC:G:7:Dol\u{7}lar",
        ] {
            let refused = AssetList::parse(&format!("EURC:G:7:Euro,{entry}"));
            assert_eq!(refused, Err(AssetListError::Form(entry.to_owned())));
        }
        for twice in ["USDC:G:7:Dollar,usdc:H:7:Coin", "USDC:G:7:Dollar,EURC:G:7:dollar"] {
            assert!(matches!(AssetList::parse(twice), Err(AssetListError::Twice(_))), "{twice}");
        }
    }
}
