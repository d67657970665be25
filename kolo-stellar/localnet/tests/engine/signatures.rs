//! Who has to sign, when, and with which sequence number.

use stellar_xdr::*;

use crate::support::*;

fn to_self(key: &Key) -> Vec<Operation> {
    vec![op(pay(key, &Asset::Native, 1))]
}

#[test]
fn signatures_must_be_there_and_right_and_no_more_than_needed() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    assert_eq!(net.refuse(&ada, to_self(&ada), &[]), TransactionResultResult::TxBadAuth);
    assert_eq!(net.refuse(&ada, to_self(&ada), &[&ben]), TransactionResultResult::TxBadAuth);
    let extra = net.refuse(&ada, to_self(&ada), &[&ada, &ben]);
    assert_eq!(extra, TransactionResultResult::TxBadAuthExtra);
    let tx = net.tx(&ada, to_self(&ada));
    let mut broken = ada.sign(&tx.hash(net.localnet.network_id()).unwrap());
    let mut bytes = broken.signature.0.to_vec();
    bytes[7] ^= 1;
    broken.signature = Signature(bytes.try_into().unwrap());
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope {
        tx: tx.clone(),
        signatures: vec![broken].try_into().unwrap(),
    });
    assert_eq!(refusal(net.send(envelope)), TransactionResultResult::TxBadAuth);
    // Signed for another network.
    let foreign = ada.sign(&tx.hash([9; 32]).unwrap());
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope {
        tx,
        signatures: vec![foreign].try_into().unwrap(),
    });
    assert_eq!(refusal(net.send(envelope)), TransactionResultResult::TxBadAuth);
    assert_eq!(net.balance(&ada), 10 * XLM, "refused transactions cost nothing");
}

#[test]
fn every_operation_needs_its_own_source_to_sign() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let ops = || vec![op_of(&ben, pay(&ada, &Asset::Native, 7))];
    let refused = net.refuse(&ada, ops(), &[&ada]);
    let TransactionResultResult::TxFailed(results) = refused else { panic!("{refused:?}") };
    assert_eq!(results[0], OperationResult::OpBadAuth);
    net.succeed(&ada, ops(), &[&ada, &ben]);
    assert_eq!(net.balance(&ben), 10 * XLM - 7);
}

#[test]
fn thresholds_ask_for_two_of_two() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let options = SetOptionsOp {
        low_threshold: Some(1),
        med_threshold: Some(2),
        high_threshold: Some(2),
        signer: Some(Signer { key: SignerKey::Ed25519(Uint256(ben.bytes())), weight: 1 }),
        ..no_options()
    };
    net.succeed(&ada, vec![op(OperationBody::SetOptions(options))], &[&ada]);
    assert_eq!(net.account(&ada).unwrap().num_sub_entries, 1);

    let alone = net.refuse(&ada, to_self(&ben), &[&ada]);
    let TransactionResultResult::TxFailed(results) = alone else { panic!("{alone:?}") };
    assert_eq!(results[0], OperationResult::OpBadAuth);
    net.succeed(&ada, to_self(&ben), &[&ada, &ben]);
    // The low threshold is met by one.
    let bump = op(OperationBody::BumpSequence(BumpSequenceOp { bump_to: SequenceNumber(1) }));
    net.succeed(&ada, vec![bump], &[&ben]);
    // Away with the master key: two are needed, only one is left.
    let options = SetOptionsOp { master_weight: Some(0), ..no_options() };
    net.succeed(&ada, vec![op(OperationBody::SetOptions(options))], &[&ada, &ben]);
    assert_eq!(net.refuse(&ada, to_self(&ben), &[&ada]), TransactionResultResult::TxBadAuth);
}

#[test]
fn sequence_numbers_go_one_by_one() {
    let net = Net::new();
    let ada = net.fund("ada", 10);
    let tx = net.tx(&ada, to_self(&ada));
    for wrong in [-1, 1, 100] {
        let mut tx = tx.clone();
        tx.seq_num.0 += wrong;
        let envelope = net.sign(tx, &[&ada]);
        assert_eq!(refusal(net.send(envelope)), TransactionResultResult::TxBadSeq);
    }
    let envelope = net.sign(tx, &[&ada]);
    let first = net.send(envelope.clone());
    let record = net.record(&first);
    let again = net.send(envelope.clone());
    assert_eq!(again, kolo_localnet::SendOutcome::Duplicate(record.hash));
    net.localnet.close_ledger().wait().unwrap();
    assert_eq!(refusal(net.send(envelope)), TransactionResultResult::TxBadSeq);
}

#[test]
fn a_minimum_sequence_number_allows_gaps() {
    let net = Net::new();
    let ada = net.fund("ada", 10);
    let mut tx = net.tx(&ada, to_self(&ada));
    let current = tx.seq_num.0 - 1;
    tx.seq_num.0 += 50;
    tx.cond = Preconditions::V2(PreconditionsV2 {
        time_bounds: None,
        ledger_bounds: None,
        min_seq_num: Some(SequenceNumber(current)),
        min_seq_age: Duration(0),
        min_seq_ledger_gap: 0,
        extra_signers: VecM::default(),
    });
    let record = net.record(&net.send(net.sign(tx, &[&ada])));
    assert!(record.is_successful());
    assert_eq!(net.account(&ada).unwrap().seq_num.0, current + 51);
}

#[test]
fn time_and_ledger_bounds_hold() {
    let net = Net::new();
    let ada = net.fund("ada", 10);
    let at = |min_time, max_time| {
        let mut tx = net.tx(&ada, to_self(&ada));
        tx.cond = Preconditions::Time(TimeBounds {
            min_time: TimePoint(min_time),
            max_time: TimePoint(max_time),
        });
        net.send(net.sign(tx, &[&ada]))
    };
    assert_eq!(refusal(at(0, START - 1)), TransactionResultResult::TxTooLate);
    assert_eq!(refusal(at(START + 1, 0)), TransactionResultResult::TxTooEarly);
    assert!(net.record(&at(START, START)).is_successful());
    net.set_time(START + 60);
    assert_eq!(refusal(at(0, START + 59)), TransactionResultResult::TxTooLate);
    assert!(net.record(&at(START + 60, 0)).is_successful());

    let latest = net.localnet.latest().wait().unwrap().sequence();
    let ledgers = |min_ledger, max_ledger, extra: Vec<SignerKey>, signers: &[&Key]| {
        let mut tx = net.tx(&ada, to_self(&ada));
        tx.cond = Preconditions::V2(PreconditionsV2 {
            time_bounds: None,
            ledger_bounds: Some(LedgerBounds { min_ledger, max_ledger }),
            min_seq_num: None,
            min_seq_age: Duration(0),
            min_seq_ledger_gap: 0,
            extra_signers: extra.try_into().unwrap(),
        });
        net.send(net.sign(tx, signers))
    };
    let none = Vec::new;
    assert_eq!(
        refusal(ledgers(0, latest + 1, none(), &[&ada])),
        TransactionResultResult::TxTooLate
    );
    let early = refusal(ledgers(latest + 2, 0, none(), &[&ada]));
    assert_eq!(early, TransactionResultResult::TxTooEarly);
    let ben = Key::new("ben");
    let extra = || vec![SignerKey::Ed25519(Uint256(ben.bytes()))];
    assert_eq!(refusal(ledgers(0, 0, extra(), &[&ada])), TransactionResultResult::TxBadAuth);
    assert!(net.record(&ledgers(latest + 1, latest + 2, extra(), &[&ada, &ben])).is_successful());
}

#[test]
fn hash_and_pre_authorised_signers() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let secret = b"open sesame".to_vec();
    let hash: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&secret).into();
    let signer = |key| {
        let signer = Some(Signer { key, weight: 1 });
        vec![op(OperationBody::SetOptions(SetOptionsOp { signer, ..no_options() }))]
    };
    net.succeed(&ada, signer(SignerKey::HashX(Uint256(hash))), &[&ada]);
    let tx = net.tx(&ada, to_self(&ben));
    let [.., a, b, c, d] = hash;
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope {
        tx,
        signatures: vec![DecoratedSignature {
            hint: SignatureHint([a, b, c, d]),
            signature: Signature(secret.try_into().unwrap()),
        }]
        .try_into()
        .unwrap(),
    });
    assert!(net.record(&net.send(envelope)).is_successful());

    let mut later = net.tx(&ada, to_self(&ben));
    later.seq_num.0 += 1;
    let hash = later.hash(net.localnet.network_id()).unwrap();
    net.succeed(&ada, signer(SignerKey::PreAuthTx(Uint256(hash))), &[&ada]);
    assert_eq!(net.account(&ada).unwrap().signers.len(), 2);
    assert!(net.record(&net.send(net.sign(later, &[]))).is_successful());
    // It signed once and is gone.
    assert_eq!(net.account(&ada).unwrap().signers.len(), 1);
}

#[test]
fn a_signer_can_be_asked_for_another_text() {
    let net = Net::new();
    let (ada, ben) = (net.fund("ada", 10), net.fund("ben", 10));
    let payload = b"pay the rent".to_vec();
    let signed = SignerKeyEd25519SignedPayload {
        ed25519: Uint256(ben.bytes()),
        payload: payload.clone().try_into().unwrap(),
    };
    let send = |signature: Option<DecoratedSignature>| {
        let mut tx = net.tx(&ada, to_self(&ada));
        tx.cond = Preconditions::V2(PreconditionsV2 {
            time_bounds: None,
            ledger_bounds: None,
            min_seq_num: None,
            min_seq_age: Duration(0),
            min_seq_ledger_gap: 0,
            extra_signers: vec![SignerKey::Ed25519SignedPayload(signed.clone())]
                .try_into()
                .unwrap(),
        });
        let hash = tx.hash(net.localnet.network_id()).unwrap();
        let signatures: Vec<_> = [Some(ada.sign(&hash)), signature].into_iter().flatten().collect();
        net.send(TransactionEnvelope::Tx(TransactionV1Envelope {
            tx,
            signatures: signatures.try_into().unwrap(),
        }))
    };
    assert_eq!(refusal(send(None)), TransactionResultResult::TxBadAuth);
    // The hint is the key's tail xor the payload's.
    let [.., a, b, c, d] = ben.bytes();
    let hint = SignatureHint([a ^ b'r', b ^ b'e', c ^ b'n', d ^ b't']);
    let of = |text: &[u8]| {
        let signature = ed25519_dalek::Signer::sign(&ben.0, text).to_bytes().to_vec();
        DecoratedSignature {
            hint: hint.clone(),
            signature: Signature(signature.try_into().unwrap()),
        }
    };
    assert_eq!(refusal(send(Some(of(b"something else")))), TransactionResultResult::TxBadAuth);
    assert!(net.record(&send(Some(of(&payload)))).is_successful());
}
