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
        let data = data_folder(get("KOLO_DATA"));
        let database = Database::from_env(get, &data)?;
        let (master_key, signer) = keys(get, &database)?;
        match get("STELLAR_NETWORK").as_deref() {
            None | Some("embedded") => {}
            Some(other) => {
                let why = format!("{other:?} is not supported; use \"embedded\" or leave it out");
                return Err(bad("STELLAR_NETWORK", why));
            }
        }
        Ok(Self {
            port: port(get("PORT"))?,
            database,
            data,
            master_key,
            signer,
            public_url: get("KOLO_PUBLIC_URL").map(|text| public_url(&text)).transpose()?,
            caps: caps(get)?,
            channels: channels(get("KOLO_CHANNELS"))?,
            max_rent: max_rent(get("KOLO_MAX_RENT"))?,
            assets: assets(get("KOLO_ASSETS"))?,
            unused: unused(get)?,
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

fn port(text: Option<String>) -> Result<u16, ConfigError> {
    let Some(text) = text else {
        return Ok(8080);
    };
    let why = || bad("PORT", format!("{text:?} is not a port; use 1 to 65535"));
    text.parse().ok().filter(|port| *port != 0).ok_or_else(why)
}

/// The master key of the keys that are here, or where they are instead.
fn keys(
    get: impl Fn(&str) -> Option<String>,
    database: &Database,
) -> Result<(Option<MasterKey>, Option<Signer>), ConfigError> {
    let master_key = get("ENCRYPTION_KEY").map(|text| parse_key(&text)).transpose()?;
    let signer = signer(get("KOLO_SIGNER_URL"), get(SIGNER_TOKEN))?;
    if master_key.is_none() && signer.is_none() && matches!(database, Database::Postgres { .. }) {
        // The development key is in the data folder, and the database outlives that.
        let why = "it is not set, and keys in a PostgreSQL database need it: make one with `openssl rand \
                   -base64 32`, and keep it apart from the database";
        return Err(bad("ENCRYPTION_KEY", why.to_owned()));
    }
    Ok((master_key, signer))
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

fn caps(get: impl Fn(&str) -> Option<String>) -> Result<Caps, ConfigError> {
    let cap = |name: &'static str, default: u32| match get(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .map_err(|_| bad(name, format!("{text:?} is no number; use 0 (none) to {}", u32::MAX))),
    };
    let usual = Caps::default();
    Ok(Caps {
        accounts_per_day: cap("KOLO_ACCOUNTS_PER_DAY", usual.accounts_per_day)?,
        circles_per_day: cap("KOLO_CIRCLES_PER_DAY", usual.circles_per_day)?,
        circles_per_member_per_day: cap(
            "KOLO_CIRCLES_PER_MEMBER_PER_DAY",
            usual.circles_per_member_per_day,
        )?,
    })
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

/// What is set and not used yet, checked.
fn unused(get: impl Fn(&str) -> Option<String>) -> Result<Vec<&'static str>, ConfigError> {
    let mut unused = Vec::new();
    for (name, shortest) in UNUSED {
        let Some(value) = get(name) else { continue };
        if value.len() < shortest {
            let why = format!("it is too short: {} of at least {shortest} characters", value.len());
            return Err(bad(name, why));
        }
        unused.push(name);
    }
    if let Some(url) = get("REDIS_URL") {
        if !url.starts_with("redis://") && !url.starts_with("rediss://") {
            let why = "it must begin with redis:// or rediss://";
            return Err(bad("REDIS_URL", why.to_owned()));
        }
        unused.push("REDIS_URL");
    }
    Ok(unused)
}

fn parse_key(text: &str) -> Result<MasterKey, ConfigError> {
    MasterKey::parse(text).map_err(|error| bad("ENCRYPTION_KEY", error.to_string()))
}

fn bad(name: &'static str, why: String) -> ConfigError {
    ConfigError { name, why }
}

#[cfg(test)]
mod tests;
