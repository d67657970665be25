//! Money: an amount and the asset it is in.
mod assets;

use std::fmt;

use kolo_rules::Amount;
use serde::{Deserialize, Serialize};

pub use assets::{AllowedAsset, AssetList, AssetListError, AssetsDiffer};

/// An asset: its code, who issues it, and how many decimals one unit has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Asset {
    /// Code as on the rail, e.g. `USDC`.
    pub code: String,
    /// Issuer as on the rail (a Stellar `G…` address).
    pub issuer: String,
    /// Decimals of one unit; 7 on Stellar.
    pub decimals: u8,
}

impl Asset {
    /// The key of this asset in the books: `CODE:ISSUER`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.code, self.issuer)
    }
}

/// An amount of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// How much, in minor units.
    pub amount: Amount,
    /// Of what.
    pub asset: Asset,
}

impl fmt::Display for Money {
    /// `12.50 USDC`: at least two decimals, trailing zeros beyond them dropped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount.display(self.asset.decimals, 2), self.asset.code)
    }
}

/// `serde` for [`Amount`] as its minor units; use with `#[serde(with = "…")]`.
pub mod amount_serde {
    use kolo_rules::Amount;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the minor units.
    ///
    /// # Errors
    /// What the serializer returns.
    pub fn serialize<S: Serializer>(amount: &Amount, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(amount.minor_units())
    }

    /// Reads minor units.
    ///
    /// # Errors
    /// When the input is not an `i64`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        i64::deserialize(deserializer).map(Amount::new)
    }
}
