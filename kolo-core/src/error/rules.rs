//! Codes of what `kolo-rules` refuses, which itself knows only the contract's numbers.
use kolo_rules::{AmountError, ParseAmountError, Refusal};

/// The code of a refusal; its number on the chain is [`Refusal::code`].
#[must_use]
pub fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::BadRules => "circle.bad_rules",
        Refusal::BadEncoding => "circle.bad_encoding",
        Refusal::Overflow => "circle.overflow",
        Refusal::Full => "circle.full",
        Refusal::AlreadyMember => "circle.already_member",
        Refusal::NotMember => "circle.not_member",
        Refusal::TurnTaken => "circle.turn_taken",
        Refusal::BadTurn => "circle.bad_turn",
        Refusal::TooFewMembers => "circle.too_few_members",
        Refusal::NotForming => "circle.not_forming",
        Refusal::NotActive => "circle.not_active",
        Refusal::NotDissolved => "circle.not_dissolved",
        Refusal::AlreadyStarted => "circle.already_started",
        Refusal::Finished => "circle.finished",
        Refusal::WrongRound => "circle.wrong_round",
        Refusal::WrongAmount => "circle.wrong_amount",
        Refusal::NothingDue => "circle.nothing_due",
        Refusal::RoundPaidOut => "circle.round_paid_out",
        Refusal::NotYetOpen => "circle.not_yet_open",
        Refusal::TooEarly => "circle.too_early",
        Refusal::Incomplete => "circle.incomplete",
        Refusal::NoCredit => "circle.no_credit",
        Refusal::NoDebt => "circle.no_debt",
        Refusal::TooMuch => "circle.too_much",
        Refusal::NothingToClaim => "circle.nothing_to_claim",
        Refusal::NoProposal => "circle.no_proposal",
        Refusal::ProposalOpen => "circle.proposal_open",
        Refusal::AlreadyVoted => "circle.already_voted",
        Refusal::VoteClosed => "circle.vote_closed",
        Refusal::HasLeft => "circle.has_left",
        Refusal::OtherTurn => "circle.other_turn",
        Refusal::NotGettingReady => "circle.not_getting_ready",
        Refusal::NotCommitting => "circle.not_committing",
        Refusal::NotRevealing => "circle.not_revealing",
        Refusal::NotSecuring => "circle.not_securing",
        Refusal::TimeOver => "circle.time_over",
        Refusal::AlreadyDone => "circle.already_done",
        Refusal::NoCommitment => "circle.no_commitment",
        Refusal::AlreadyPaidOut => "circle.already_paid_out",
        Refusal::InArrears => "circle.in_arrears",
        Refusal::NoAuction => "circle.no_auction",
        Refusal::BidTooLow => "circle.bid_too_low",
        Refusal::BidTooHigh => "circle.bid_too_high",
        Refusal::NoSwap => "circle.no_swap",
        Refusal::SameSeat => "circle.same_seat",
        Refusal::TooManyDebts => "circle.too_many_debts",
        Refusal::CreditWaiting => "circle.credit_waiting",
        Refusal::AlreadyInsured => "circle.already_insured",
        Refusal::NoLoss => "circle.no_loss",
        Refusal::FundShort => "circle.fund_short",
        Refusal::NoVote => "circle.no_vote",
        // A refusal of a newer engine; the test over all of them keeps this arm unused.
        _ => "circle.refused",
    }
}

/// The code of a text that is no amount.
#[must_use]
pub fn parse_amount_code(error: ParseAmountError) -> &'static str {
    match error {
        ParseAmountError::Empty => "amount.empty",
        ParseAmountError::NotANumber => "amount.not_a_number",
        ParseAmountError::Signed => "amount.signed",
        ParseAmountError::TooManyDecimals => "amount.too_many_decimals",
        ParseAmountError::Overflow => "amount.overflow",
        // A reason of a newer engine.
        _ => "amount.unreadable",
    }
}

/// The code of a sum that leaves its range.
#[must_use]
pub const fn amount_code(_: AmountError) -> &'static str {
    "amount.overflow"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_refusal_has_a_code_of_its_own_named_like_it() {
        let mut seen = BTreeSet::new();
        for refusal in Refusal::ALL {
            let code = refusal_code(*refusal);
            assert_ne!(code, "circle.refused", "{refusal:?}");
            assert!(seen.insert(code), "{code} twice");
            let bare = code.trim_start_matches("circle.").replace('_', "");
            assert_eq!(bare, format!("{refusal:?}").to_lowercase());
        }
    }
}
