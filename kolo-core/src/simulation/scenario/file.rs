//! The file as it is written: keys and forms, before names mean anything.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::words::{BasisPoints, DepositWord, Every, FeeWord, Length, Moment, Money, UtcOffset};

/// The whole file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub title: String,
    #[serde(default)]
    pub about: Option<String>,
    /// The asset's code.
    #[serde(default)]
    pub asset: Option<String>,
    /// The date of day 0.
    #[serde(default)]
    pub begins: Option<String>,
    pub people: InOrder<Person>,
    #[serde(default)]
    pub circle: Vec<Spanned<Circle>>,
    #[serde(default)]
    pub step: Vec<Spanned<Step>>,
    #[serde(default)]
    pub expect: Expect,
}

/// A person: what they have, and what they can have.
#[derive(Clone, Copy)]
pub struct Person {
    pub balance: Money,
    /// The trustline's limit.
    pub limit: Option<Money>,
    /// Whether there is a trustline.
    pub trustline: bool,
}

/// A circle: its members and its rules.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    pub name: String,
    #[serde(default)]
    pub organiser: Option<String>,
    #[serde(default)]
    pub members: Vec<String>,
    /// With a fixed order: who has which turn, the first first.
    #[serde(default)]
    pub turns: Option<Vec<String>>,
    #[serde(default)]
    pub seats: Option<u8>,
    #[serde(default)]
    pub min_members: Option<u8>,
    pub contribution: Money,
    #[serde(default)]
    pub instalments_per_round: Option<u8>,
    pub every: Every,
    #[serde(default)]
    pub utc_offset: Option<UtcOffset>,
    #[serde(default)]
    pub grace: Option<Length>,
    #[serde(default)]
    pub order: Order,
    #[serde(default)]
    pub shortfall: Shortfall,
    #[serde(default)]
    pub advance: bool,
    #[serde(default)]
    pub partial: bool,
    #[serde(default)]
    pub vote_period: Option<Length>,
    #[serde(default)]
    pub late_fee: Option<FeeWord>,
    #[serde(default)]
    pub deposit: Option<DepositWord>,
    #[serde(default)]
    pub premium: Option<Money>,
    #[serde(default)]
    pub premium_once: Option<Money>,
    #[serde(default)]
    pub insurance_target: Option<Money>,
    #[serde(default)]
    pub bid_floor: Option<BasisPoints>,
    #[serde(default)]
    pub bid_step: Option<BasisPoints>,
    #[serde(default)]
    pub bond: Option<Money>,
    #[serde(default)]
    pub setup_period: Option<Length>,
}

/// Who has which turn.
#[derive(Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    Join,
    Fixed,
    Random,
    Auction,
}

/// What happens to a pot that is short.
#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortfall {
    ShortPot,
    #[default]
    Wait,
    Share,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Invite,
    Revoke,
    Join,
    Request,
    Approve,
    Reject,
    Leave,
    Remove,
    Start,
    Cancel,
    Commit,
    Reveal,
    Secure,
    GetReady,
    Proceed,
    Contribute,
    Rotate,
    Payout,
    Push,
    Repay,
    Bid,
    ClaimInsurance,
    Swap,
    Exit,
    Propose,
    Vote,
    Replace,
    CompleteMove,
    Object,
    Claim,
    Sync,
    Send,
    Mint,
    Trustline,
    Freeze,
    Unfreeze,
    Clawback,
    Wait,
}

/// What is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Motion {
    Dissolve,
    Expel,
    Replace,
    Move,
}

/// A step.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default)]
    pub at: Option<Moment>,
    #[serde(rename = "do")]
    pub verb: Verb,
    #[serde(default)]
    pub who: Names,
    #[serde(default)]
    pub circle: Option<String>,
    #[serde(default)]
    pub member: Names,
    #[serde(default)]
    pub with: Option<String>,
    #[serde(default)]
    pub alone: Option<bool>,
    #[serde(default)]
    pub amount: Option<Money>,
    #[serde(default)]
    pub round: Option<u32>,
    #[serde(default)]
    pub until: Option<u8>,
    #[serde(default)]
    pub secret: Option<String>,
    #[serde(default)]
    pub turn: Option<u32>,
    #[serde(default)]
    pub valid_for: Option<Length>,
    #[serde(default)]
    pub motion: Option<Motion>,
    #[serde(default)]
    pub about: Option<String>,
    #[serde(default)]
    pub newcomer: Option<String>,
    #[serde(default)]
    pub proposal: Option<u32>,
    #[serde(default)]
    pub approve: Option<bool>,
    #[serde(default)]
    pub to: Option<String>,
    #[serde(default)]
    pub limit: Option<Money>,
    #[serde(default)]
    pub remove: Option<bool>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub expect: Option<String>,
}

/// What must be true at the end.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    pub balances: InOrder<Money>,
    pub vaults: InOrder<Money>,
    pub debts: InOrder<Money>,
    pub claims: InOrder<Money>,
    pub waiting: InOrder<Money>,
    pub deposits: InOrder<Money>,
}

/// A table, its entries in the order of the file.
pub struct InOrder<T>(pub Vec<(String, T)>);

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InOrder<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = InOrder<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(InOrder(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Person {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PersonVisitor)
    }
}

struct PersonVisitor;

const fn having(balance: Money) -> Person {
    Person { balance, limit: None, trustline: true }
}

impl<'de> Visitor<'de> for PersonVisitor {
    type Value = Person;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a balance such as \"100\", or { balance = \"100\", limit = \"500\" }")
    }

    fn visit_i64<E: de::Error>(self, units: i64) -> Result<Person, E> {
        Money::deserialize(de::value::I64Deserializer::new(units)).map(having)
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Person, E> {
        Money::deserialize(de::value::F64Deserializer::new(float)).map(having)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Person, E> {
        Money::deserialize(de::value::StrDeserializer::new(text)).map(having)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Person, A::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            balance: Option<Money>,
            limit: Option<Money>,
            trustline: Option<bool>,
        }
        let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
        let trustline = table.trustline.unwrap_or(true);
        if !trustline && (table.balance.is_some() || table.limit.is_some()) {
            let why = "without a trustline there is no balance and no limit; leave them out";
            return Err(de::Error::custom(why));
        }
        let nothing = Money(kolo_rules::Amount::ZERO);
        let balance = table.balance.unwrap_or(nothing);
        if table.limit.is_some_and(|limit| !limit.0.is_positive()) {
            return Err(de::Error::custom("a limit of zero is none; write trustline = false"));
        }
        if table.limit.is_some_and(|limit| limit.0 < balance.0) {
            return Err(de::Error::custom("the limit is below the balance; raise it"));
        }
        Ok(Person { balance, limit: table.limit, trustline })
    }
}

/// One name or several.
#[derive(Clone, Debug, Default)]
pub struct Names(pub Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;
        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name such as \"ada\", or several: [\"ada\", \"bola\"]")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Names, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = names.next_element()? {
                    all.push(name);
                }
                Ok(Names(all))
            }
        }
        deserializer.deserialize_any(NamesVisitor)
    }
}
