//! Configuration from the environment: every value is checked before anything starts, secrets are
//! never shown.
use std::path::PathBuf;

use kolo_core::{Caps, MOST_CHANNELS};
use kolo_stellar::setup::Funder;
use kolo_store::MasterKey;
use zeroize::Zeroizing;

use crate::database::Database;

/// A variable that keeps the server from starting.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct ConfigError {
    /// Which variable.
    pub name: &'static str,
    /// What is wrong with it, and what would be right; never its value when it is a secret.
    pub why: String,
}

/// What the environment says.
pub struct Config {
    /// `PORT`, 8080 by default.
    pub port: u16,
    /// `DATABASE_URL`: `sqlite://FILE` or `postgres://…`; by default a file in the data folder.
    pub database: Database,
    /// The folder everything embedded lives in (`KOLO_DATA`, `kolo-data` by default).
    pub data: PathBuf,
    /// `ENCRYPTION_KEY`: the vault's master key; `None`: a development key is kept in the data folder.
    pub master_key: Option<MasterKey>,
    /// `KOLO_ACCOUNTS_PER_DAY`, `KOLO_CIRCLES_PER_DAY`, `KOLO_CIRCLES_PER_MEMBER_PER_DAY`: what may be
    /// begun in one day (UTC) at the sponsor's cost.
    pub caps: Caps,
    /// `KOLO_CHANNELS`: how many accounts beside the keeper's send payouts and the like side by side, at most;
    /// 4 by default.
    pub channels: u16,
    /// `KOLO_MAX_RENT`: the most one payment of rent for what all circles share may cost, stroops of XLM; 400
    /// XLM by default.
    pub max_rent: i64,
    /// Variables that were accepted and are not used by this version.
    pub unused: Vec<&'static str>,
}

impl std::fmt::Debug for Config {
    /// Everything but the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("port", &self.port)
            .field("database", &self.database)
            .field("data", &self.data)
            .field("master_key", &self.master_key.as_ref().map(|_| "[set]"))
            .field("caps", &self.caps)
            .field("channels", &self.channels)
            .field("max_rent", &self.max_rent)
            .field("unused", &self.unused)
            .finish()
    }
}

/// What `KOLO_CHANNELS` is by default.
pub const CHANNELS: u16 = 4;

/// What `KOLO_MAX_RENT` is by default: 400 XLM.
pub const MAX_RENT: i64 = 4_000_000_000;

/// Accepted and checked, so that one environment serves every version; nothing uses them yet.
const UNUSED: [(&str, usize); 4] = [
    ("WHATSAPP_TOKEN", 20),
    ("WHATSAPP_PHONE_NUMBER_ID", 5),
    ("WHATSAPP_APP_SECRET", 16),
    ("VERIFY_TOKEN", 8),
];

impl Config {
    /// Reads it through `get` (`|name| std::env::var(name).ok()`).
    ///
    /// # Errors
    /// [`ConfigError`] for the first variable that is bad.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name: &str| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let port =
            match get("PORT") {
                None => 8080,
                Some(text) => text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                    bad("PORT", format!("{text:?} is not a port; use 1 to 65535"))
                })?,
            };
        let data = PathBuf::from(get("KOLO_DATA").unwrap_or_else(|| "kolo-data".to_owned()));
        let database = Database::from_env(get, &data)?;
        let master_key = get("ENCRYPTION_KEY").map(|text| parse_key(&text)).transpose()?;
        let cap = |name: &'static str, default: u32| match get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| {
                bad(name, format!("{text:?} is no number; use 0 (none) to {}", u32::MAX))
            }),
        };
        let usual = Caps::default();
        let caps = Caps {
            accounts_per_day: cap("KOLO_ACCOUNTS_PER_DAY", usual.accounts_per_day)?,
            circles_per_day: cap("KOLO_CIRCLES_PER_DAY", usual.circles_per_day)?,
            circles_per_member_per_day: cap(
                "KOLO_CIRCLES_PER_MEMBER_PER_DAY",
                usual.circles_per_member_per_day,
            )?,
        };
        let (channels, max_rent) =
            (channels(get("KOLO_CHANNELS"))?, max_rent(get("KOLO_MAX_RENT"))?);
        match get("STELLAR_NETWORK").as_deref() {
            None | Some("embedded") => {}
            Some(other) => {
                let why = format!("{other:?} is not supported; use \"embedded\" or leave it out");
                return Err(bad("STELLAR_NETWORK", why));
            }
        }
        let mut unused = Vec::new();
        for (name, shortest) in UNUSED {
            if let Some(value) = get(name) {
                if value.len() < shortest {
                    let why = format!(
                        "it is too short: {} of at least {shortest} characters",
                        value.len()
                    );
                    return Err(bad(name, why));
                }
                unused.push(name);
            }
        }
        if let Some(url) = get("REDIS_URL") {
            if !url.starts_with("redis://") && !url.starts_with("rediss://") {
                return Err(bad(
                    "REDIS_URL",
                    "it must begin with redis:// or rediss://".to_owned(),
                ));
            }
            unused.push("REDIS_URL");
        }
        Ok(Self { port, database, data, master_key, caps, channels, max_rent, unused })
    }
}

/// Where the secret key of the account that pays stands: it is never an argument, which other users
/// of the machine could read.
pub const FUND_SECRET: &str = "KOLO_FUND_SECRET";

/// The account that pays, from [`FUND_SECRET`], read through `get`.
///
/// # Errors
/// [`ConfigError`] when it is missing or no secret key; the text is not repeated.
pub fn funder(get: impl Fn(&str) -> Option<String>) -> Result<Funder, ConfigError> {
    let text = get(FUND_SECRET).map(Zeroizing::new).filter(|text| !text.trim().is_empty());
    let Some(text) = text else {
        let why = "set it to the secret key (S…) of the account that pays".to_owned();
        return Err(bad(FUND_SECRET, why));
    };
    Funder::from_secret(&text).map_err(|error| bad(FUND_SECRET, error.to_string()))
}

/// Seconds, as `20s`, `5m` or `1h`: from a second to a day.
///
/// # Errors
/// What would be right.
pub fn parse_interval(text: &str) -> Result<u32, String> {
    let wrong = || "use 1s to 24h, for example 20s, 5m or 1h".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (count, unit) = text.split_at(at);
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(wrong()),
    };
    let seconds = count.parse::<u32>().ok().and_then(|count| count.checked_mul(unit_s));
    seconds.filter(|seconds| (1..=86_400).contains(seconds)).ok_or_else(wrong)
}

fn channels(text: Option<String>) -> Result<u16, ConfigError> {
    let Some(text) = text else {
        return Ok(CHANNELS);
    };
    text.parse().ok().filter(|channels| *channels <= MOST_CHANNELS).ok_or_else(|| {
        let why = format!("{text:?} is no number of channels; use 0 (none) to {MOST_CHANNELS}");
        bad("KOLO_CHANNELS", why)
    })
}

fn max_rent(text: Option<String>) -> Result<i64, ConfigError> {
    let Some(text) = text else {
        return Ok(MAX_RENT);
    };
    text.parse().ok().filter(|stroops| *stroops > 0).ok_or_else(|| {
        let why =
            format!("{text:?} is no amount; use whole stroops (10000000 are one XLM), at least 1");
        bad("KOLO_MAX_RENT", why)
    })
}

fn parse_key(text: &str) -> Result<MasterKey, ConfigError> {
    MasterKey::parse(text).map_err(|error| bad("ENCRYPTION_KEY", error.to_string()))
}

fn bad(name: &'static str, why: String) -> ConfigError {
    ConfigError { name, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_env(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_means_embedded_defaults() {
        let config = read(&[]).unwrap();
        assert_eq!(config.port, 8080);
        let file = PathBuf::from("kolo-data/kolo.sqlite");
        assert!(matches!(config.database, Database::Sqlite(found) if found == file));
        assert!(config.master_key.is_none() && config.unused.is_empty());
    }

    #[test]
    fn a_bad_value_names_its_variable() {
        let cases = [
            ("PORT", "0"),
            ("PORT", "eighty"),
            ("PORT", "70000"),
            ("DATABASE_URL", "mysql://kolo:hunter2@db/kolo"),
            ("DATABASE_URL", "sqlite://"),
            ("DATABASE_URL", "kolo@hunter2/db"),
            ("ENCRYPTION_KEY", "too-short"),
            ("KOLO_ACCOUNTS_PER_DAY", "many"),
            ("KOLO_CIRCLES_PER_DAY", "-1"),
            ("KOLO_CIRCLES_PER_MEMBER_PER_DAY", "2.5"),
            ("KOLO_CHANNELS", "257"),
            ("KOLO_CHANNELS", "four"),
            ("KOLO_MAX_RENT", "0"),
            ("KOLO_MAX_RENT", "40.5"),
            ("STELLAR_NETWORK", "mainnet"),
            ("WHATSAPP_TOKEN", "short"),
            ("WHATSAPP_PHONE_NUMBER_ID", "1"),
            ("WHATSAPP_APP_SECRET", "abc"),
            ("VERIFY_TOKEN", "x"),
            ("REDIS_URL", "localhost:6379"),
        ];
        for (name, value) in cases {
            let error = read(&[(name, value)]).unwrap_err();
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn the_caps_can_be_set() {
        assert_eq!(read(&[]).unwrap().caps, Caps::default());
        let config = read(&[
            ("KOLO_ACCOUNTS_PER_DAY", "7"),
            ("KOLO_CIRCLES_PER_DAY", "0"),
            ("KOLO_CIRCLES_PER_MEMBER_PER_DAY", " 3 "),
        ]);
        let caps = Caps { accounts_per_day: 7, circles_per_day: 0, circles_per_member_per_day: 3 };
        assert_eq!(config.unwrap().caps, caps);
    }

    #[test]
    fn channels_and_rent_can_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!((config.channels, config.max_rent), (4, 4_000_000_000));
        let config = read(&[("KOLO_CHANNELS", "0"), ("KOLO_MAX_RENT", "25000000")]).unwrap();
        assert_eq!((config.channels, config.max_rent), (0, 25_000_000));
    }

    #[test]
    fn what_is_not_used_yet_is_said() {
        let config = read(&[
            ("VERIFY_TOKEN", "a-long-enough-token"),
            ("REDIS_URL", "redis://localhost"),
            ("PORT", " 9000 "),
        ])
        .unwrap();
        assert_eq!(config.unused, ["VERIFY_TOKEN", "REDIS_URL"]);
        assert_eq!(config.port, 9000);
    }

    #[test]
    fn intervals_are_read() {
        let good = [
            ("20s", 20),
            ("1s", 1),
            ("5m", 300),
            ("1h", 3_600),
            ("24h", 86_400),
            ("86400s", 86_400),
        ];
        for (text, seconds) in good {
            assert_eq!(parse_interval(text), Ok(seconds), "{text}");
        }
        for text in ["", "s", "20", "0s", "-1s", "1.5h", "25h", "2d", "20 s", "99999999999s", "2mm"]
        {
            assert!(parse_interval(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_funding_secret_is_never_repeated() {
        let seed = stellar_strkey::ed25519::PrivateKey([0; 32]);
        let secret = seed.as_unredacted().to_string().as_str().to_owned();
        let found = funder(|_| Some(format!(" {secret}\n"))).unwrap();
        assert!(!format!("{found:?}").contains(&secret));
        let public = "GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN";
        let spoilt = secret.replace('A', "B");
        for text in [Some(spoilt.as_str()), Some(public), Some("hunter2"), Some("  "), None] {
            let error = funder(|_| text.map(str::to_owned)).unwrap_err();
            let said = format!("{error} {error:?}");
            assert_eq!(error.name, FUND_SECRET);
            assert!(
                text.is_none_or(|text| text.trim().is_empty() || !said.contains(text)),
                "{said}"
            );
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let key = "a".repeat(64);
        let config = read(&[("ENCRYPTION_KEY", &key)]).unwrap();
        assert!(!format!("{config:?}").contains(&key));
    }
}
