//! Rules as bytes: what is hashed and accepted, and single fields of it.

use super::codec::{copy, field_in};
use super::{Fee, Order, Premium, Refusal, Rules, Security, Shortfall};
use crate::{Amount, Interval};

/// Bytes of [`Rules::encode`].
pub const RULES_LEN: usize = 128;

const VERSION: u8 = 2;
/// The number of [`Premium::PerInstalment`].
const PER_INSTALMENT: u8 = 1;
/// Bytes in use by this version; the rest of [`RULES_LEN`] is zero.
const USED: usize = 116;

impl Rules {
    /// Canonical, versioned, fixed length, big endian, zero padded.
    #[must_use]
    pub fn encode(&self) -> [u8; RULES_LEN] {
        let (interval_kind, interval_length) = match self.interval {
            Interval::Seconds(seconds) => (0, seconds),
            Interval::Months(months) => (1, u32::from(months)),
        };
        let (fee_kind, fee) = match self.fee {
            Fee::None => (0, Amount::ZERO),
            Fee::Fixed(fee) => (1, fee),
            Fee::BasisPoints(part) => (2, Amount::new(i64::from(part))),
        };
        let (security_kind, deposit) = match self.security {
            Security::None => (0, Amount::ZERO),
            Security::Fixed(deposit) => (1, deposit),
            Security::Exposure => (2, Amount::ZERO),
        };
        let (premium_kind, premium) = match self.premium {
            Premium::None => (0, Amount::ZERO),
            Premium::PerInstalment(premium) => (PER_INSTALMENT, premium),
            Premium::Once(premium) => (2, premium),
        };
        let mut fields = Fields { bytes: [0; RULES_LEN], at: 0 };
        fields.put(&[VERSION]);
        fields.put(&self.asset);
        fields.put(&[self.seats, self.min_members]);
        fields.put_amount(self.contribution);
        fields.put(&[self.instalments_per_round, interval_kind]);
        fields.put(&interval_length.to_be_bytes());
        fields.put(&self.utc_offset_s.to_be_bytes());
        fields.put(&self.grace_s.to_be_bytes());
        let flags = [u8::from(self.advance), u8::from(self.partial)];
        fields.put(&[self.order as u8, self.shortfall as u8]);
        fields.put(&flags);
        fields.put(&self.vote_period_s.to_be_bytes());
        fields.put(&[fee_kind, security_kind, premium_kind]);
        for amount in [fee, deposit, premium, self.insurance_target, self.bond] {
            fields.put_amount(amount);
        }
        fields.put(&self.bid_floor_bp.to_be_bytes());
        fields.put(&self.bid_step_bp.to_be_bytes());
        fields.put(&self.setup_period_s.to_be_bytes());
        debug_assert!(fields.at == USED);
        fields.bytes
    }

    /// The rules that [`Rules::encode`] to exactly these bytes.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for anything `encode` never writes; else as [`Rules::validate`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let rules = Self::decode_trusted(bytes)?;
        rules.validate()?;
        if rules.encode() == bytes { Ok(rules) } else { Err(Refusal::BadEncoding) }
    }

    /// [`Rules::decode`] of bytes that [`Rules::encode`] wrote: not checked again.
    ///
    /// # Errors
    /// [`Refusal::BadEncoding`] for bytes that cannot be read at all.
    pub fn decode_trusted(bytes: &[u8]) -> Result<Self, Refusal> {
        let bytes: &[u8; RULES_LEN] = bytes.try_into().map_err(|_| Refusal::BadEncoding)?;
        let mut fields = Fields { bytes: *bytes, at: 0 };
        if fields.byte() != VERSION {
            return Err(Refusal::BadEncoding);
        }
        let asset = fields.take();
        let [seats, min_members] = fields.take();
        let contribution = fields.take_amount();
        let [instalments_per_round, interval_kind] = fields.take();
        let interval_length = u32::from_be_bytes(fields.take());
        let interval = match (interval_kind, u8::try_from(interval_length)) {
            (0, _) => Interval::Seconds(interval_length),
            (1, Ok(months)) => Interval::Months(months),
            _ => return Err(Refusal::BadEncoding),
        };
        let utc_offset_s = i32::from_be_bytes(fields.take());
        let grace_s = u32::from_be_bytes(fields.take());
        let [order, shortfall, advance, partial] = fields.take();
        let vote_period_s = u32::from_be_bytes(fields.take());
        let [fee_kind, security_kind, premium_kind] = fields.take();
        let (fee, deposit, premium) =
            (fields.take_amount(), fields.take_amount(), fields.take_amount());
        let (insurance_target, bond) = (fields.take_amount(), fields.take_amount());
        let bid_floor_bp = u16::from_be_bytes(fields.take());
        let bid_step_bp = u16::from_be_bytes(fields.take());
        let setup_period_s = u32::from_be_bytes(fields.take());
        Ok(Self {
            asset,
            seats,
            min_members,
            contribution,
            instalments_per_round,
            interval,
            utc_offset_s,
            grace_s,
            order: one_of(order, [Order::Join, Order::Fixed, Order::Random, Order::Auction])?,
            shortfall: one_of(shortfall, [Shortfall::ShortPot, Shortfall::Wait, Shortfall::Share])?,
            advance: advance != 0,
            partial: partial != 0,
            vote_period_s,
            fee: match fee_kind {
                0 => Fee::None,
                1 => Fee::Fixed(fee),
                _ => Fee::BasisPoints(u16::try_from(fee.minor_units()).unwrap_or(u16::MAX)),
            },
            security: one_of(
                security_kind,
                [Security::None, Security::Fixed(deposit), Security::Exposure],
            )?,
            premium: one_of(
                premium_kind,
                [Premium::None, Premium::PerInstalment(premium), Premium::Once(premium)],
            )?,
            insurance_target,
            bid_floor_bp,
            bid_step_bp,
            bond,
            setup_period_s,
        })
    }
}

/// Fields of encoded rules, each read where [`Rules::encode`] puts it: for who needs a few of them, often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    bytes: &'a [u8; RULES_LEN],
    /// [`Rules::contribution`], in minor units: read once, as is what is asked for often.
    pub(super) contribution: i64,
    /// [`Rules::instalments_per_round`].
    pub(super) instalments_per_round: u32,
}

/// Where [`Rules::encode`] puts them.
mod place {
    pub(super) const CONTRIBUTION: usize = 35;
    pub(super) const INSTALMENTS_PER_ROUND: usize = 43;
    pub(super) const INTERVAL_KIND: usize = 44;
    pub(super) const INTERVAL_LENGTH: usize = 45;
    pub(super) const UTC_OFFSET_S: usize = 49;
    pub(super) const GRACE_S: usize = 53;
    pub(super) const ORDER: usize = 57;
    pub(super) const ADVANCE: usize = 59;
    pub(super) const PARTIAL: usize = 60;
    pub(super) const PREMIUM_KIND: usize = 67;
    pub(super) const INSURANCE_TARGET: usize = 92;
}

impl<'a> Terms<'a> {
    /// `None` for rules of another version.
    pub(super) fn of(rules: &'a [u8; RULES_LEN]) -> Option<Self> {
        let [version, ..] = *rules;
        let [instalments] = field_in(rules, place::INSTALMENTS_PER_ROUND);
        (version == VERSION).then_some(Self {
            bytes: rules,
            contribution: i64::from_be_bytes(field_in(rules, place::CONTRIBUTION)),
            instalments_per_round: u32::from(instalments),
        })
    }

    /// [`Interval::elapsed`] of [`Rules::interval`]; of seconds it is a division and no call.
    #[inline(always)]
    pub(super) fn elapsed(self, start: u64, now: u64) -> u32 {
        let length = u32::from_be_bytes(self.take(place::INTERVAL_LENGTH));
        let interval = if self.byte(place::INTERVAL_KIND) == 0 {
            Interval::Seconds(length)
        } else {
            let [.., months] = length.to_be_bytes();
            Interval::Months(months)
        };
        interval.elapsed(start, now, i32::from_be_bytes(self.take(place::UTC_OFFSET_S)))
    }

    /// [`Rules::grace_s`].
    pub(super) fn grace_s(self) -> u64 {
        u64::from(u32::from_be_bytes(self.take(place::GRACE_S)))
    }

    /// Whether the [order](Rules::order) is an auction.
    pub(super) fn is_auction(self) -> bool {
        self.byte(place::ORDER) == Order::Auction as u8
    }

    /// [`Rules::advance`].
    pub(super) fn advance(self) -> bool {
        self.byte(place::ADVANCE) != 0
    }

    /// [`Rules::partial`].
    pub(super) fn partial(self) -> bool {
        self.byte(place::PARTIAL) != 0
    }

    /// [`Rules::insurance_target`], in minor units, where the [premium](Rules::premium) is paid with every
    /// instalment.
    pub(super) fn insurance_target(self) -> Option<i64> {
        let per_instalment = self.byte(place::PREMIUM_KIND) == PER_INSTALMENT;
        per_instalment.then(|| i64::from_be_bytes(self.take(place::INSURANCE_TARGET)))
    }

    fn byte(self, place: usize) -> u8 {
        let [byte] = self.take(place);
        byte
    }

    fn take<const N: usize>(self, place: usize) -> [u8; N] {
        field_in(self.bytes, place)
    }
}

/// The value whose number is `tag`, counted from zero.
fn one_of<T: Copy, const N: usize>(tag: u8, values: [T; N]) -> Result<T, Refusal> {
    values.get(usize::from(tag)).copied().ok_or(Refusal::BadEncoding)
}

/// Fields of fixed length, one after the other.
struct Fields {
    bytes: [u8; RULES_LEN],
    at: usize,
}

impl Fields {
    fn put(&mut self, field: &[u8]) {
        let end = self.at + field.len();
        if let Some(slot) = self.bytes.get_mut(self.at..end) {
            copy(slot, field);
        }
        self.at = end;
    }

    fn put_amount(&mut self, amount: Amount) {
        self.put(&amount.minor_units().to_be_bytes());
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let field = field_in(&self.bytes, self.at);
        self.at += N;
        field
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    fn take_amount(&mut self) -> Amount {
        Amount::new(i64::from_be_bytes(self.take()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval() -> impl Strategy<Value = Interval> {
        prop_oneof![
            any::<u8>().prop_map(Interval::Months),
            any::<u32>().prop_map(Interval::Seconds)
        ]
    }

    proptest! {
        #[test]
        fn terms_are_those_of_the_rules(
            asset: [u8; 32],
            (contribution, target) in any::<(i64, i64)>(),
            (instalments_per_round, utc_offset_s, grace_s) in any::<(u8, i32, u32)>(),
            (advance, partial) in any::<(bool, bool)>(),
            (interval, order, premium) in (interval(), 0..4_usize, 0..3_usize),
            (start, now) in any::<(u64, u64)>(),
        ) {
            let amount = Amount::new(contribution);
            let rules = Rules {
                instalments_per_round,
                utc_offset_s,
                grace_s,
                advance,
                partial,
                order: [Order::Join, Order::Fixed, Order::Random, Order::Auction][order],
                premium: [Premium::None, Premium::PerInstalment(amount), Premium::Once(amount)]
                    [premium],
                insurance_target: Amount::new(target),
                ..Rules::new(asset, 3, amount, interval)
            };
            let bytes = rules.encode();
            let terms = Terms::of(&bytes).unwrap();
            prop_assert_eq!(Rules::decode_trusted(&bytes), Ok(rules));
            prop_assert_eq!(terms.contribution, contribution);
            prop_assert_eq!(terms.instalments_per_round, u32::from(instalments_per_round));
            let elapsed = interval.elapsed(start, now, utc_offset_s);
            prop_assert_eq!(terms.elapsed(start, now), elapsed);
            prop_assert_eq!(terms.grace_s(), u64::from(grace_s));
            prop_assert_eq!(terms.is_auction(), order == 3);
            prop_assert_eq!((terms.advance(), terms.partial()), (advance, partial));
            prop_assert_eq!(terms.insurance_target(), (premium == 1).then_some(target));
            let mut newer = bytes;
            newer[0] += 1;
            prop_assert!(Terms::of(&newer).is_none());
        }
    }
}
