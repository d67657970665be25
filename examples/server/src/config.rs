//! Configuration from the environment: every value is checked before anything starts, secrets are
//! never shown.
use std::path::PathBuf;

use kolo_core::{AssetList, Caps, MOST_CHANNELS};
use kolo_stellar::MAX_ASSETS;
use kolo_stellar::setup::{Funder, OWN, test_dollars};
use kolo_store::MasterKey;
use kolo_store::remote::AccessToken;
use zeroize::Zeroizing;

use crate::database::Database;
use crate::stack::Signer;

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
    /// `KOLO_SIGNER_URL` and `KOLO_SIGNER_TOKEN`: the keys are at a signing service; `None`: in the database.
    pub signer: Option<Signer>,
    /// `KOLO_PUBLIC_URL`: how people reach this server, for the links they get; by default this machine.
    pub public_url: Option<String>,
    /// `KOLO_ACCOUNTS_PER_DAY`, `KOLO_CIRCLES_PER_DAY`, `KOLO_CIRCLES_PER_MEMBER_PER_DAY`: what may be
    /// begun in one day (UTC) at the sponsor's cost.
    pub caps: Caps,
    /// `KOLO_CHANNELS`: how many accounts beside the keeper's send payouts and the like side by side, at most;
    /// 4 by default.
    pub channels: u16,
    /// `KOLO_MAX_RENT`: the most one payment of rent for what all circles share may cost, stroops of XLM; 400
    /// XLM by default.
    pub max_rent: i64,
    /// `KOLO_ASSETS`: what circles may save in, the usual one first, as `CODE:ISSUER:DECIMALS:NAME,…`; the issuer
    /// `test` is the operator's own. Test dollars by default.
    pub assets: AssetList,
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
            .field("signer", &self.signer.as_ref().map(|signer| &signer.url))
            .field("public_url", &self.public_url)
            .field("caps", &self.caps)
            .field("channels", &self.channels)
            .field("max_rent", &self.max_rent)
            .field("assets", &self.assets)
            .field("unused", &self.unused)
            .finish()
    }
}

/// What `KOLO_CHANNELS` is by default.
pub const CHANNELS: u16 = 4;

/// Of every asset of Stellar.
const DECIMALS: u8 = 7;

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
        let data = data_folder(get("KOLO_DATA"));
        let database = Database::from_env(get, &data)?;
        let master_key = get("ENCRYPTION_KEY").map(|text| parse_key(&text)).transpose()?;
        let signer = signer(get("KOLO_SIGNER_URL"), get(SIGNER_TOKEN))?;
        if master_key.is_none() && signer.is_none() && matches!(database, Database::Postgres { .. })
        {
            // The development key is in the data folder, and the database outlives that.
            let why = "it is not set, and keys in a PostgreSQL database need it: make one with `openssl rand \
                       -base64 32`, and keep it apart from the database";
            return Err(bad("ENCRYPTION_KEY", why.to_owned()));
        }
        let public_url = get("KOLO_PUBLIC_URL").map(|text| public_url(&text)).transpose()?;
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
        let assets = assets(get("KOLO_ASSETS"))?;
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
        Ok(Self {
            port,
            database,
            data,
            master_key,
            signer,
            public_url,
            caps,
            channels,
            max_rent,
            assets,
            unused,
        })
    }
}

/// The folder that `KOLO_DATA` names, blank as good as nothing; `kolo-data` by default.
pub(crate) fn data_folder(text: Option<String>) -> PathBuf {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    PathBuf::from(text.unwrap_or_else(|| "kolo-data".to_owned()))
}

/// Where the word stands that the server and the signing service know.
pub const SIGNER_TOKEN: &str = "KOLO_SIGNER_TOKEN";

/// What the signing service is told by whoever may ask it, from [`SIGNER_TOKEN`].
///
/// # Errors
/// [`ConfigError`] when it is missing or too short; the text is not repeated.
pub fn signer_token(text: Option<String>) -> Result<AccessToken, ConfigError> {
    let text = Zeroizing::new(text.unwrap_or_default());
    AccessToken::try_new(&text).map_err(|error| bad(SIGNER_TOKEN, error.to_string()))
}

fn signer(url: Option<String>, token: Option<String>) -> Result<Option<Signer>, ConfigError> {
    match (url, token) {
        (Some(url), token) => Ok(Some(Signer { url, token: signer_token(token)? })),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let why = "it is set without KOLO_SIGNER_URL, the service it is for: set both, or none";
            Err(bad(SIGNER_TOKEN, why.to_owned()))
        }
    }
}

/// `https://bot.example`, or `http://` on this machine alone: who hears a link can open it.
fn public_url(text: &str) -> Result<String, ConfigError> {
    let text = text.trim_end_matches('/');
    // Without a path: a cookie and the forms are at /key, whatever stands before it.
    let host = |scheme: &str| {
        text.strip_prefix(scheme).filter(|rest| !rest.is_empty() && !rest.contains('/'))
    };
    let here = |rest: &str| {
        let name = rest.rsplit_once(':').map_or(rest, |(name, _)| name);
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
    };
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(['?', '#', '@']);
    let fits = host("https://").is_some() || host("http://").is_some_and(here);
    if fits && is_plain {
        return Ok(text.to_owned());
    }
    let why = format!(
        "{text:?} is no address for links; use https://HOST without a path, or http://localhost:PORT"
    );
    Err(bad("KOLO_PUBLIC_URL", why))
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

/// On Stellar, where the embedded network is, an asset has 7 decimals, and five can be followed.
fn assets(text: Option<String>) -> Result<AssetList, ConfigError> {
    let Some(text) = text else {
        return Ok(test_dollars());
    };
    let wrong = |why: String| bad("KOLO_ASSETS", why);
    let list = AssetList::parse(&text).map_err(|error| wrong(error.to_string()))?;
    if let Some(odd) = list.iter().find(|allowed| allowed.asset.decimals != DECIMALS) {
        let code = &odd.asset.code;
        return Err(wrong(format!("{code}: assets of Stellar have {DECIMALS} decimals")));
    }
    if list.iter().count() > MAX_ASSETS {
        return Err(wrong(format!("there are more than {MAX_ASSETS}: name fewer")));
    }
    if list.usual().asset.issuer != OWN {
        return Err(wrong(format!(
            "the first one must be the operator's own, which is given away as test money: write {OWN} for its issuer"
        )));
    }
    let is_account = |text: &str| stellar_strkey::ed25519::PublicKey::from_string(text).is_ok();
    if let Some(odd) =
        list.iter().find(|it| it.asset.issuer != OWN && !is_account(&it.asset.issuer))
    {
        let (code, issuer) = (&odd.asset.code, &odd.asset.issuer);
        return Err(wrong(format!("{code}: {issuer:?} is no account (G…), nor {OWN}")));
    }
    Ok(list)
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
            ("KOLO_SCHEMA", "mine"),
            ("KOLO_MIGRATE", "off"),
            ("KOLO_POOLER", "none"),
            ("KOLO_ACCOUNTS_PER_DAY", "many"),
            ("KOLO_CIRCLES_PER_DAY", "-1"),
            ("KOLO_CIRCLES_PER_MEMBER_PER_DAY", "2.5"),
            ("KOLO_CHANNELS", "257"),
            ("KOLO_CHANNELS", "four"),
            ("KOLO_MAX_RENT", "0"),
            ("KOLO_MAX_RENT", "40.5"),
            ("KOLO_ASSETS", "USDC"),
            ("KOLO_ASSETS", "USDC:test:6:US dollar"),
            ("KOLO_ASSETS", "USDC:test:7:US dollar,USDC:GA5Z:7:Dollar"),
            ("KOLO_ASSETS", "USDC:GA5Z:7:US dollar"),
            ("KOLO_ASSETS", "USDC:test:7:US dollar,EURC:GA5Z:7:Euro"),
            // Nobody here could give it away as test money.
            (
                "KOLO_ASSETS",
                "USDC:GBZXN7PIRZGNMHGA7MUUUF4GWPY5AYPV6LY4UV2GL6VJGIQRXFDNMADI:7:US dollar,EURC:test:7:Euro",
            ),
            ("KOLO_ASSETS", "A:test:7:a,B:test:7:b,C:test:7:c,D:test:7:d,E:test:7:e,F:test:7:f"),
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
    fn keys_in_a_database_that_outlives_the_folder_need_a_key_that_does() {
        let url = ("DATABASE_URL", "postgres://kolo:hunter2@db/kolo");
        let error = read(&[url]).unwrap_err();
        assert_eq!(error.name, "ENCRYPTION_KEY");
        assert!(!error.to_string().contains("hunter2"));
        let key = "a".repeat(64);
        assert!(read(&[url, ("ENCRYPTION_KEY", &key)]).is_ok());
        let word = "w".repeat(40);
        let signer = [("KOLO_SIGNER_URL", "http://127.0.0.1:8090"), (SIGNER_TOKEN, &word)];
        assert!(read(&[url, signer[0], signer[1]]).is_ok());
    }

    #[test]
    fn a_blank_data_folder_is_none() {
        for text in [None, Some(""), Some("  ")] {
            assert_eq!(data_folder(text.map(str::to_owned)), PathBuf::from("kolo-data"));
        }
        assert_eq!(data_folder(Some(" a/b ".to_owned())), PathBuf::from("a/b"));
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
    fn the_signing_service_and_the_links_address_can_be_set() {
        let word = "w".repeat(40);
        let both = [("KOLO_SIGNER_URL", "http://127.0.0.1:8090"), (SIGNER_TOKEN, &word)];
        let config = read(&both).unwrap();
        assert_eq!(config.signer.as_ref().unwrap().url, "http://127.0.0.1:8090");
        assert!(!format!("{config:?}").contains(&word));
        for (text, expected) in [
            ("https://bot.example/", "https://bot.example"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ] {
            let config = read(&[("KOLO_PUBLIC_URL", text)]);
            assert_eq!(config.unwrap().public_url.unwrap(), expected);
        }
        for text in [
            "bot.example",
            "http://bot.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1:1@evil.example",
            "https://",
            "https://bot.example/kolo",
            "http://127.0.0.1:1/x",
            "https://bot.example?x",
            "https://bot example",
            "javascript://localhost",
        ] {
            assert_eq!(read(&[("KOLO_PUBLIC_URL", text)]).unwrap_err().name, "KOLO_PUBLIC_URL");
        }
        assert_eq!(read(&both[..1]).unwrap_err().name, SIGNER_TOKEN);
        assert_eq!(read(&both[1..]).unwrap_err().name, SIGNER_TOKEN);
    }

    #[test]
    fn channels_and_rent_can_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!((config.channels, config.max_rent), (4, 4_000_000_000));
        let config = read(&[("KOLO_CHANNELS", "0"), ("KOLO_MAX_RENT", "25000000")]).unwrap();
        assert_eq!((config.channels, config.max_rent), (0, 25_000_000));
    }

    #[test]
    fn assets_can_be_listed() {
        assert_eq!(read(&[]).unwrap().assets, test_dollars());
        let config = read(&[("KOLO_ASSETS", "EURC:test:7:Euro, USDC:test:7:US dollar")]).unwrap();
        let codes: Vec<_> = config.assets.iter().map(|a| a.asset.code.clone()).collect();
        assert_eq!(codes, ["EURC", "USDC"]);
        assert_eq!(config.assets.usual().name, "Euro");
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
