//! What the environment may say, and what it may not.
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
    let good =
        [("20s", 20), ("1s", 1), ("5m", 300), ("1h", 3_600), ("24h", 86_400), ("86400s", 86_400)];
    for (text, seconds) in good {
        assert_eq!(parse_interval(text), Ok(seconds), "{text}");
    }
    for text in ["", "s", "20", "0s", "-1s", "1.5h", "25h", "2d", "20 s", "99999999999s", "2mm"] {
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
        assert!(text.is_none_or(|text| text.trim().is_empty() || !said.contains(text)), "{said}");
    }
}

#[test]
fn secrets_do_not_show() {
    let key = "a".repeat(64);
    let config = read(&[("ENCRYPTION_KEY", &key)]).unwrap();
    assert!(!format!("{config:?}").contains(&key));
}
