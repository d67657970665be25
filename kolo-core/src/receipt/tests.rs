//! A receipt holds as it was issued, and in no other form.
use ed25519_dalek::{Signer, SigningKey};
use kolo_rules::Amount;
use serde_json::{Value, json};

use super::{Receipt, ReceiptError, ReceiptKind, ReceiptNumber, SignedReceipt};
use crate::port::chain::ChainAddress;
use crate::port::vault::{PublicKey, Signature};
use crate::{Asset, CircleId, TenantId, Timestamp};

fn receipt() -> Receipt {
    Receipt {
        tenant: TenantId::default(),
        kind: ReceiptKind::Payout,
        circle: CircleId::derive(&[b"Friends"]),
        circle_name: "Friends".to_owned(),
        contract: ChainAddress("CPOT".to_owned()),
        round: 2,
        party: ChainAddress("GADA".to_owned()),
        amount: Amount::new(300_000_000),
        asset: Asset { code: "USDC".to_owned(), issuer: "GISSUER".to_owned(), decimals: 7 },
        at: Timestamp::from_unix(1_800_000_000),
        tx: "ab".repeat(32),
        event: "0000000000000000007-0000000001".to_owned(),
        credited: false,
    }
}

fn secret() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn public(secret: &SigningKey) -> PublicKey {
    PublicKey(secret.verifying_key().to_bytes())
}

fn signed(receipt: Receipt) -> SignedReceipt {
    let signature = Signature(secret().sign(&receipt.canonical()).to_bytes());
    SignedReceipt::new(receipt, public(&secret()), signature)
}

/// Every leaf of the text form, by its path.
fn leaves(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, inner)| leaves(inner, &format!("{path}/{name}")))
            .collect(),
        _ => vec![path.to_owned()],
    }
}

/// Something else of the same sort, so that it is read and must be refused for what it says.
fn other(path: &str, value: &Value) -> Value {
    match (path, value) {
        ("/receipt/kind", _) => json!("refund"),
        ("/receipt/circle", _) => json!(CircleId::derive(&[b"Others"])),
        ("/number", _) => json!(ReceiptNumber::of(&Signature([1; 64]))),
        (_, Value::Bool(flag)) => json!(!flag),
        (_, Value::Number(number)) => json!(number.as_u64().unwrap() + 1),
        (_, Value::String(text)) => {
            let last = if text.ends_with('b') { "a" } else { "b" };
            json!(format!("{}{last}", &text[..text.len() - 1]))
        }
        _ => panic!("{path}: {value}"),
    }
}

#[test]
fn a_receipt_holds_and_survives_its_text() {
    let signed = signed(receipt());
    let read = SignedReceipt::from_text(&signed.to_text().unwrap()).unwrap();
    assert_eq!(read, signed);
    assert_eq!(read.verify(&public(&secret())), Ok(()));
    let said = signed.to_string();
    assert_eq!(
        said,
        format!("receipt {}: payout of 30.00 USDC, Friends, round 2, to GADA", signed.number)
    );
}

#[test]
fn altered_in_any_field_it_is_refused() {
    let original: Value = serde_json::from_str(&signed(receipt()).to_text().unwrap()).unwrap();
    let paths = leaves(&original, "");
    assert_eq!(paths.len(), 4 + 15, "form, number, key, signature, and what is said: {paths:?}");
    for path in paths {
        let mut altered = original.clone();
        let place = altered.pointer_mut(&path).unwrap();
        *place = other(&path, place);
        assert_ne!(altered, original, "{path}");
        let read = SignedReceipt::from_text(&altered.to_string());
        let read = read.unwrap_or_else(|error| panic!("{path} should be readable: {error}"));
        let refused = read.verify(&public(&secret())).unwrap_err();
        let expected = match path.as_str() {
            "/form" => matches!(refused, ReceiptError::UnknownForm(_)),
            "/key" => matches!(refused, ReceiptError::OtherKey(_)),
            "/number" => matches!(refused, ReceiptError::OtherNumber(_)),
            _ => refused == ReceiptError::Forged,
        };
        assert!(expected, "{path}: {refused}");
    }
}

#[test]
fn a_key_of_somebody_else_signs_nothing_for_the_operator() {
    let stranger = SigningKey::from_bytes(&[6; 32]);
    let said = receipt();
    let signature = Signature(stranger.sign(&said.canonical()).to_bytes());
    let forged = SignedReceipt::new(said.clone(), public(&stranger), signature);
    assert_eq!(forged.verify(&public(&secret())), Err(ReceiptError::OtherKey(public(&stranger))));
    let claimed = SignedReceipt::new(said, public(&secret()), signature);
    assert_eq!(claimed.verify(&public(&secret())), Err(ReceiptError::Forged));
}

#[test]
fn what_nobody_signed_is_not_read() {
    let text = signed(receipt()).to_text().unwrap();
    for (from, to) in [
        ("\"form\"", "\"note\": \"paid twice\", \"form\""),
        ("\"decimals\"", "\"worth\": 1000000, \"decimals\""),
        ("\"amount\"", "\"amount\": 5, \"amount\""),
        ("\"credited\": false", "\"credited\": null"),
    ] {
        assert!(text.contains(from), "{text}");
        let altered = text.replace(from, to);
        let read = SignedReceipt::from_text(&altered);
        assert!(matches!(read, Err(ReceiptError::Unreadable(_))), "{to}: {read:?}");
    }
    let rubbish =
        ["", "{}", "null", "[]", "not a receipt", &"[".repeat(10_000), &" ".repeat(100_000)];
    for text in rubbish {
        let read = SignedReceipt::from_text(text);
        assert!(matches!(read, Err(ReceiptError::Unreadable(_))), "{read:?}");
    }
}

/// Whatever moves from one field to the next, the bytes differ.
#[test]
fn fields_do_not_run_into_each_other() {
    let bytes = receipt().canonical();
    assert!(bytes.starts_with(b"kolo:receipt:1\0\0\0\x04main\0\0\0\x06payout"));
    let moved = Receipt { tx: "a".to_owned(), event: "bc".to_owned(), ..receipt() };
    let other = Receipt { tx: "ab".to_owned(), event: "c".to_owned(), ..receipt() };
    assert_ne!(moved.canonical(), other.canonical());
}

/// The form is fixed: what was signed once must hold for ever.
#[test]
fn the_first_form_never_changes() {
    let signed = signed(receipt());
    assert_eq!(signed.number.to_string(), "RG3Z-E5X2-AMF9-NA23");
    let golden = include_str!("golden.json");
    assert_eq!(SignedReceipt::from_text(golden).unwrap(), signed);
    assert_eq!(signed.verify(&public(&secret())), Ok(()));
}

#[test]
fn a_number_is_read_as_people_type_it() {
    let number = signed(receipt()).number;
    let shown = number.to_string();
    for typed in
        [shown.clone(), shown.to_lowercase(), shown.replace('-', " "), shown.replace('-', "")]
    {
        assert_eq!(typed.parse(), Ok(number), "{typed}");
    }
    for wrong in ["", "7K2M", "7K2M-9QXA-VTB4-H3R0", "7K2M-9QXA-VTB4-H3RC-2222", "💰"] {
        assert!(wrong.parse::<ReceiptNumber>().is_err(), "{wrong}");
    }
}
