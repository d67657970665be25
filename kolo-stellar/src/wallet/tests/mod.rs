use data_encoding::{BASE64, HEXLOWER};
use kolo_core::port::vault::Signature;
use stellar_xdr::Hash;

use super::*;
use crate::address::sha256;

/// SEP-5's published vectors.
const SEP5: &str = include_str!("sep5.txt");

#[test]
fn sep_5_derives_the_published_keys() {
    let (mut words, mut passphrase, mut checked) = ("", "", 0);
    for line in SEP5.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ').unwrap() {
            ("words", found) => words = found,
            ("passphrase", "-") => passphrase = "",
            ("passphrase", found) => passphrase = found,
            (index, keys) => {
                let (address, secret) = keys.split_once(' ').unwrap();
                let key =
                    AccountKey::from_words(words, passphrase, index.parse().unwrap()).unwrap();
                assert_eq!(key.address().0, address, "{words} {index}");
                assert_eq!(key.to_secret().as_str(), secret, "{words} {index}");
                assert_eq!(AccountKey::from_secret(secret).unwrap().address().0, address);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 50);
}

const SEED: &str = "SAKICEVQLYWGSOJS4WW7HZJWAHZVEEBS527LHK5V4MLJALYKICQCJXMW";
const ADDRESS: &str = "GBXFXNDLV4LSWA4VB7YIL5GBD7BVNR22SGBTDKMO2SBZZHDXSKZYCP7L";

#[test]
fn sep_53_signs_the_published_messages() {
    let binary = BASE64.decode(b"2zZDP1sa1BVBfLP7TeeMk3sUbaxAkUhBhDiNdrksaFo=").unwrap();
    let vectors: [(&[u8], &str); 3] = [
        (
            b"Hello, World!",
            "fO5dbYhXUhBMhe6kId/cuVq/AfEnHRHEvsP8vXh03M1uLpi5e46yO2Q8rEBzu3feXQewcQE5GArp88u6ePK6BA==",
        ),
        (
            "こんにちは、世界！".as_bytes(),
            "CDU265Xs8y3OWbB/56H9jPgUss5G9A0qFuTqH2zs2YDgTm+++dIfmAEceFqB7bhfN3am59lCtDXrCtwH2k1GBA==",
        ),
        (
            &binary,
            "VA1+7hefNwv2NKScH6n+Sljj15kLAge+M2wE7fzFOf+L0MMbssA1mwfJZRyyrhBORQRle10X1Dxpx+UOI4EbDQ==",
        ),
    ];
    let key = AccountKey::from_secret(SEED).unwrap();
    assert_eq!(key.address().0, ADDRESS);
    for (message, expected) in vectors {
        let signature = key.sign_message(message).unwrap();
        assert_eq!(BASE64.encode(&signature.0), expected);
        assert!(verify_message(&key.public_key(), message, &signature));
        assert!(!verify_message(&key.public_key(), b"another message", &signature));
        let mut other = key.public_key();
        other.0[0] ^= 1;
        assert!(!verify_message(&other, message, &signature));
        let mut broken = signature;
        broken.0[40] ^= 1;
        assert!(!verify_message(&key.public_key(), message, &Signature(broken.0)));
    }
}

/// A hash of 32 bytes is signed as a message about it, never as itself: no transaction comes of it.
#[test]
fn a_transactions_hash_given_as_a_message_signs_no_transaction() {
    let key = AccountKey::from_secret(SEED).unwrap();
    let network = sha256(b"Test SDF Network ; September 2015");
    let payload = [network.as_slice(), &[0, 0, 0, 2], &[7; 80]].concat();
    let hash = Hash(sha256(&payload));
    for message in [hash.0.as_slice(), &payload] {
        let signature = key.sign_message(message).unwrap();
        assert_ne!(signature, key.sign_payload(&payload));
        let verifying = ed25519_dalek::VerifyingKey::from_bytes(&key.public_key().0).unwrap();
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        assert!(verifying.verify_strict(&hash.0, &signature).is_err());
    }
    let long = vec![b'a'; MAX_MESSAGE_BYTES + 1];
    assert!(key.sign_message(&long).is_err());
    assert!(key.sign_message(&long[1..]).is_ok());
}

#[test]
fn a_key_is_read_in_every_usual_form() {
    let words = "illness spike retreat truth genius clock brain pass fit cave bargain toe";
    let first = "GDRXE2BQUC3AZNPVFSCEZ76NJ3WWL25FYFK6RGZGIEKWE4SOOHSUJUJ6";
    let cases = [
        (SEED.to_owned(), ADDRESS),
        (format!("  {SEED}\r\n"), ADDRESS),
        (format!("# a member's key\n# {ADDRESS}\n\n{SEED}\n"), ADDRESS),
        (words.to_owned(), first),
        (format!("# words\n{}\n", words.replace(' ', "\n")), first),
    ];
    for (text, address) in cases {
        assert_eq!(AccountKey::parse(&text).unwrap().address().0, address, "{text}");
    }
}

#[test]
fn what_is_no_key_is_refused_and_not_repeated() {
    let mut typo = SEED.to_owned();
    typo.replace_range(10..11, "A");
    let cases = [
        (String::new(), KeyError::Empty),
        ("# nothing but a note\n".to_owned(), KeyError::Empty),
        (ADDRESS.to_owned(), KeyError::Address),
        (typo.clone(), KeyError::Secret),
        (SEED[1..].to_owned(), KeyError::Secret),
        (HEXLOWER.encode(&[7; 32]), KeyError::Secret),
        ("illness spike retreat truth".to_owned(), KeyError::Words),
        (
            "spike illness retreat truth genius clock brain pass fit cave bargain toe".to_owned(),
            KeyError::Words,
        ),
        (
            "illnes spike retreat truth genius clock brain pass fit cave bargain toe".to_owned(),
            KeyError::Words,
        ),
    ];
    for (text, expected) in cases {
        let error = AccountKey::parse(&text).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(text.len() < 5 || !format!("{error} {error:?}").contains(&text));
    }
    let words = "illness spike retreat truth genius clock brain pass fit cave bargain toe";
    assert_eq!(AccountKey::from_words(words, "", 1 << 31).unwrap_err(), KeyError::Index);
}

#[test]
fn debug_shows_the_address_alone() {
    let key = AccountKey::from_secret(SEED).unwrap();
    assert_eq!(format!("{key:?}"), format!("AccountKey({ADDRESS})"));
}
