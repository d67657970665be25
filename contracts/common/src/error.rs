#![allow(missing_docs, reason = "the macro adds functions without any; the variants have theirs")]

use kolo_rules::Refusal;
use soroban_sdk::contracterror;

/// Why a call was refused; nothing has changed then. 100 to 199 are `kolo_rules::Refusal`.
///
/// The numbers never change meaning. 10 to 19 stay free: the token's own errors live there, and a
/// reader of a failed transaction must not take one for the other.
#[contracterror]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Error {
    /// Reserved: the host itself refuses what the organiser has not signed.
    NotOrganiser = 1,
    /// An amount that does not fit 64 bits.
    BadAmount = 2,
    /// The factory does not allow this asset.
    AssetNotAllowed = 3,
    /// The asset is no Stellar asset contract.
    NotAStellarAsset = 4,
    /// The rules accepted are not the circle's rules.
    RulesMismatch = 5,
    /// No open invitation for this address or key.
    NoInvitation = 6,
    /// The invitation has expired.
    InvitationExpired = 7,
    /// Key and signature belong together; a wrong signature is refused by the host itself.
    BadSignature = 8,
    /// Revoke an invitation first.
    TooManyInvitations = 9,
    /// The organiser already has a group with this salt.
    GroupExists = 20,
    /// The member has not enough of the asset.
    NotEnoughMoney = 21,
    /// The member holds no trustline for the asset, or the issuer has frozen it.
    PaymentRefused = 22,
    /// The recipient cannot receive the asset now: trustline missing, frozen or full.
    Undeliverable = 23,
    /// The vault holds less than it owes: the issuer clawed back; call `sync`.
    VaultShort = 24,
    /// The token failed in another way; nothing can be concluded about the recipient.
    TokenFailed = 25,

    /// The rules contradict themselves or leave their bounds.
    BadRules = 100,
    /// Bytes that are no rules, or no state.
    BadEncoding = 101,
    /// An amount left the range of 64 bits.
    Overflow = 102,

    /// All seats are taken.
    Full = 110,
    /// This address has a seat already.
    AlreadyMember = 111,
    /// This address has no seat.
    NotMember = 112,
    /// Another member has this turn.
    TurnTaken = 113,
    /// A turn outside the circle, or none where the order is fixed, or one where it is not.
    BadTurn = 114,
    /// Fewer members than the rules ask for.
    TooFewMembers = 115,

    /// Members change before the start only.
    NotForming = 120,
    /// The rotation is not running.
    NotActive = 121,
    /// The circle was not dissolved.
    NotDissolved = 122,
    /// The circle has started.
    AlreadyStarted = 123,
    /// Nothing is left to do; the state is deleted.
    Finished = 124,

    /// Another round is due.
    WrongRound = 130,
    /// Another amount is due.
    WrongAmount = 131,
    /// Nothing is due.
    NothingDue = 132,
    /// The round has been paid out.
    RoundPaidOut = 133,
    /// The rules do not allow paying in advance.
    NotYetOpen = 134,

    /// The date of the payout has not come.
    TooEarly = 140,
    /// Somebody has not paid, and still has time.
    Incomplete = 141,
    /// There is no credit to deliver.
    NoCredit = 142,

    /// There is no debt to repay.
    NoDebt = 150,
    /// More than the debt.
    TooMuch = 151,
    /// There is nothing to claim now.
    NothingToClaim = 152,

    /// No such proposal is open.
    NoProposal = 160,
    /// A proposal is open already.
    ProposalOpen = 161,
    /// One vote each.
    AlreadyVoted = 162,
    /// The proposal has expired.
    VoteClosed = 163,

    /// A refusal newer than this contract: cannot happen, the test of this file enumerates them.
    UnknownRefusal = 199,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = soroban_sdk::Error::from_contract_error(refusal as u32);
        Self::try_from(code).unwrap_or(Self::UnknownRefusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_keeps_its_number() {
        let refusals = (0..1000).filter_map(Refusal::from_code);
        let mut seen = 0;
        for refusal in refusals {
            assert_ne!(Error::from(refusal), Error::UnknownRefusal, "{refusal:?}");
            assert_eq!(Error::from(refusal) as u32, refusal.code(), "{refusal:?}");
            assert!((100..199).contains(&refusal.code()), "{refusal:?}");
            seen += 1;
        }
        assert!(seen >= 29, "only {seen} refusals enumerated");
    }
}
