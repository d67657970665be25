//! Which step of the rules an event of the contract is.
//!
//! | event of the chain | step |
//! |---|---|
//! | `participant_joined`, `participant_left` | join, leave; the last seat begins what comes next |
//! | `getting_ready`, `group_started` | start, while still forming; else they follow from other steps |
//! | `draw_committed`, `draw_revealed`, `order_drawn` | commit, reveal, draw |
//! | `deposit_made`, `setup_expired` | secure, proceed |
//! | `contribution_made`, `payout_made`, `credit_pushed`, `debt_repaid` | contribute, payout, push, repay |
//! | `bid_made`, `insurance_claimed`, `turns_swapped`, `exit_announced` | bid, claim insurance, swap, exit |
//! | `proposal_made`, `vote_cast` | propose, vote; dissolving and expelling are done with the vote |
//! | `seat_sold`, `seat_moved`, `move_objected` | replace, complete the move, object |
//! | `group_closed` | cancel, while forming; a payout, when debts dissolve the circle instead of it |
//! | `refund_claimed`, `synced` | claim, sync |
//!
//! The others (`invitation_added`, `join_requested`, `member_expelled`, …) change no money and no seat
//! that another step does not change, and are no steps.
use kolo_rules::circle::{Effect, Order, Phase, Replaced, Step, Swapped, Turn};
use kolo_rules::{Amount, Circle as Mirror, Refusal, Rules};
use sha2::{Digest, Sha256};

use super::state::{CANCELLED, Circle, DISSOLVED};
use crate::port::chain::{ChainAddress, CircleChainEvent};

/// SHA-256, as the rules ask for it.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Circle {
    /// Steps the mirror by one event of the contract, and says what the step did.
    ///
    /// # Errors
    /// What the rules answer when the event cannot follow from the state, and
    /// [`Refusal::WrongAmount`] when it names other amounts than they do: the mirror is then unchanged.
    pub fn step(
        &self,
        mirror: &mut Mirror,
        event: &CircleChainEvent,
        now: u64,
    ) -> Result<Effect, Refusal> {
        let rules = Rules::decode(&self.rules)?;
        let Some(step) = self.step_of(mirror, &rules, event)? else {
            return Ok(Effect::Done);
        };
        let (mut next, effect) = mirror.after(&rules, &step, &sha256, now)?;
        agree(event, &effect)?;
        for (seat, amount) in self.kept_back(event, &effect)? {
            next.credit(seat, amount)?;
        }
        *mirror = next;
        Ok(effect)
    }

    /// The step an event is; `None` when it follows from another.
    fn step_of(
        &self,
        mirror: &Mirror,
        rules: &Rules,
        event: &CircleChainEvent,
    ) -> Result<Option<Step>, Refusal> {
        use CircleChainEvent as E;
        let seat = |address: &ChainAddress| self.seat_of(address).ok_or(Refusal::NotMember);
        let forming = mirror.phase == Phase::Forming;
        let step = match event {
            E::ParticipantJoined { turn, .. } => Step::Join { turn: asked(rules, *turn) },
            E::ParticipantLeft { member, .. } => Step::Leave { seat: seat(member)? },
            // A full circle goes on with its last joiner; these events then only say so.
            E::GettingReady { .. } | E::GroupStarted { .. } if forming => Step::Start,
            E::DrawCommitted { member, .. } => Step::Commit { seat: seat(member)? },
            E::DrawRevealed { member, .. } => Step::Reveal { seat: seat(member)? },
            E::OrderDrawn { seed } => Step::Draw { seed: *seed },
            E::DepositMade { member, amount } => {
                Step::Secure { seat: seat(member)?, amount: *amount }
            }
            E::SetupExpired { .. } => Step::Proceed,
            E::GroupClosed { reason: CANCELLED } if forming => Step::Cancel,
            E::GroupClosed { reason: DISSOLVED } if mirror.phase == Phase::Active => {
                Step::Payout { round: mirror.current_round() }
            }
            E::CreditPushed { member, .. } => Step::Push { seat: seat(member)? },
            E::DebtRepaid { member, amount, .. } => {
                Step::Repay { seat: seat(member)?, amount: *amount }
            }
            E::RefundClaimed { member, .. } => Step::Claim { seat: seat(member)? },
            E::Synced { surplus, shortfall } => {
                let balance = mirror.liabilities()?.checked_add(*surplus)?;
                Step::Sync { balance: balance.checked_sub(*shortfall)? }
            }
            _ => return self.step_while_active(event),
        };
        Ok(Some(step))
    }

    /// What happens only while rounds are paid for.
    fn step_while_active(&self, event: &CircleChainEvent) -> Result<Option<Step>, Refusal> {
        use CircleChainEvent as E;
        let seat = |address: &ChainAddress| self.seat_of(address).ok_or(Refusal::NotMember);
        Ok(Some(match event {
            E::ContributionMade { member, round, amount, .. } => {
                Step::Contribute { seat: seat(member)?, round: *round, amount: *amount }
            }
            E::PayoutMade { round, .. } => Step::Payout { round: *round },
            E::BidMade { member, round, amount } => {
                Step::Bid { seat: seat(member)?, round: *round, amount: *amount }
            }
            E::InsuranceClaimed { member, round, defaulter, amount } => Step::ClaimInsurance {
                seat: seat(member)?,
                round: *round,
                defaulter: seat(defaulter)?,
                amount: *amount,
            },
            E::TurnsSwapped { a, b, .. } => Step::Swap { a: seat(a)?, b: seat(b)? },
            E::ExitAnnounced { member } => Step::Exit { seat: seat(member)? },
            E::ProposalMade { member, motion, subject, .. } => {
                let subject = subject.as_ref().map_or(Ok(0), seat)?;
                Step::Propose { seat: seat(member)?, motion: *motion, subject }
            }
            E::VoteCast { member, proposal, approve } => {
                Step::Vote { seat: seat(member)?, proposal: *proposal, approve: *approve }
            }
            E::SeatSold { leaver, .. } => Step::Replace { seat: seat(leaver)? },
            E::SeatMoved { from, .. } => Step::CompleteMove { seat: seat(from)? },
            E::MoveObjected { member } => Step::Object { seat: seat(member)? },
            _ => return Ok(None),
        }))
    }

    /// What could not be delivered, by seat: it waits as a credit.
    fn kept_back(
        &self,
        event: &CircleChainEvent,
        effect: &Effect,
    ) -> Result<Vec<(u8, Amount)>, Refusal> {
        let seat = |address: &ChainAddress| self.seat_of(address).ok_or(Refusal::NotMember);
        match (event, effect) {
            (CircleChainEvent::PayoutMade { recipient, credited, .. }, Effect::PaidOut(payout)) => {
                if seat(recipient)? != payout.seat {
                    return Err(Refusal::NotMember);
                }
                Ok(credited.then_some((payout.seat, payout.amount)).into_iter().collect())
            }
            (CircleChainEvent::DebtRepaid { credited, .. }, Effect::Delivered(to)) => credited
                .iter()
                .map(|creditor| {
                    let creditor = seat(creditor)?;
                    let part = to.get(usize::from(creditor)).copied().unwrap_or_default();
                    Ok((creditor, part))
                })
                .collect(),
            _ => Ok(Vec::new()),
        }
    }
}

/// Whether the event names the amounts the rules come to.
fn agree(event: &CircleChainEvent, effect: &Effect) -> Result<(), Refusal> {
    use CircleChainEvent as E;
    let same = match (event, effect) {
        (E::PayoutMade { amount, .. }, Effect::PaidOut(payout)) => {
            !payout.dissolved && *amount == payout.amount
        }
        (E::GroupClosed { .. }, Effect::PaidOut(payout)) => payout.dissolved,
        (
            E::CreditPushed { amount, .. } | E::RefundClaimed { amount, .. },
            Effect::Delivered(to),
        ) => {
            // One seat's; all others are zero.
            to.contains(amount)
        }
        (E::TurnsSwapped { deposit: said, .. }, Effect::Swapped(Swapped { deposit, .. })) => {
            said == deposit
        }
        (
            E::SeatSold { price: said, deposit: left, .. },
            Effect::Replaced(Replaced { price, deposit }),
        ) => said == price && left == deposit,
        _ => true,
    };
    if same { Ok(()) } else { Err(Refusal::WrongAmount) }
}

/// The turn a joiner asked for: only a fixed order has one.
fn asked(rules: &Rules, turn: Turn) -> Option<Turn> {
    match rules.order {
        Order::Fixed => Some(turn),
        _ => None,
    }
}
