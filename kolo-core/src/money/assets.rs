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
pub struct AssetList(Vec<AllowedAsset>);

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
    }
}

impl AssetList {
    /// These, the usual one first.
    ///
    /// # Errors
    /// [`AssetListError`].
    pub fn try_new(assets: Vec<AllowedAsset>) -> Result<Self, AssetListError> {
        if assets.is_empty() {
            return Err(AssetListError::Empty);
        }
        let (mut codes, mut names) = (BTreeSet::new(), BTreeSet::new());
        for AllowedAsset { asset, name } in &assets {
            // Whoever reads "10 USDC" must not have to ask which.
            let is_new =
                codes.insert(asset.code.to_uppercase()) && names.insert(name.trim().to_lowercase());
            if !is_new {
                return Err(AssetListError::Twice(asset.code.clone()));
            }
        }
        Ok(Self(assets))
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
    pub fn usual(&self) -> Option<&AllowedAsset> {
        self.0.first()
    }

    /// The entry of an asset, when it is allowed: by code and issuer, never by the code alone.
    #[must_use]
    pub fn find(&self, asset: &Asset) -> Option<&AllowedAsset> {
        self.0.iter().find(|allowed| allowed.asset == *asset)
    }

    /// The asset of that code, as people write it.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&AllowedAsset> {
        self.0.iter().find(|allowed| allowed.asset.code.eq_ignore_ascii_case(code.trim()))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &AllowedAsset> {
        self.0.iter()
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
        assert_eq!(list.usual().unwrap().name, "US dollar");
        assert_eq!(list.iter().count(), 2);
        let euro = list.by_code(" eurc").unwrap();
        assert_eq!((euro.name.as_str(), euro.asset.decimals), ("Euro", 7));
        assert_eq!(list.find(&euro.asset), Some(euro));
        assert_eq!(list.by_code("USD"), None);
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
