//! The names of what can happen in a circle: the contracts' own.
use std::fmt;
use std::str::FromStr;

use crate::id::IdError;
use crate::port::chain::CircleChainEvent;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal;)*) => {
        /// What sort of thing happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The contract's name for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// The circle's contract exists.
    GroupCreated "group_created";
    /// An invitation can be used.
    InvitationAdded "invitation_added";
    /// An invitation was taken back.
    InvitationRevoked "invitation_revoked";
    /// Somebody sits down.
    ParticipantJoined "participant_joined";
    /// Somebody left before the start.
    ParticipantLeft "participant_left";
    /// It runs.
    GroupStarted "group_started";
    /// A member paid in.
    ContributionMade "contribution_made";
    /// A pot went out, or is kept for its recipient.
    PayoutMade "payout_made";
    /// What was kept has been delivered.
    CreditPushed "credit_pushed";
    /// A member paid back.
    DebtRepaid "debt_repaid";
    /// Somebody asks for a place.
    JoinRequested "join_requested";
    /// The organiser sent somebody who asked away.
    JoinRejected "join_rejected";
    /// It began to get ready for the first round: a draw, or deposits.
    GettingReady "getting_ready";
    /// A member left a commitment, and the bond, for the draw.
    DrawCommitted "draw_committed";
    /// A member revealed what they committed to.
    DrawRevealed "draw_revealed";
    /// The order is drawn.
    OrderDrawn "order_drawn";
    /// A member paid in what is due before the first round.
    DepositMade "deposit_made";
    /// The time of a step before the first round is over.
    SetupExpired "setup_expired";
    /// A member asks for the pot for less.
    BidMade "bid_made";
    /// The insurance stepped in.
    InsuranceClaimed "insurance_claimed";
    /// Two members changed turns.
    TurnsSwapped "turns_swapped";
    /// A member leaves after the current round.
    ExitAnnounced "exit_announced";
    /// A member was expelled.
    MemberExpelled "member_expelled";
    /// A newcomer bought a seat.
    SeatSold "seat_sold";
    /// A seat has moved to another address of its member.
    SeatMoved "seat_moved";
    /// A member showed that their key is not lost.
    MoveObjected "move_objected";
    /// Somebody asks the members to decide.
    ProposalMade "proposal_made";
    /// Somebody voted.
    VoteCast "vote_cast";
    /// The vote did not pass.
    ProposalRejected "proposal_rejected";
    /// Completed, dissolved or cancelled.
    GroupClosed "group_closed";
    /// A share of a dissolved circle went out.
    RefundClaimed "refund_claimed";
    /// A member signed for another code of the circle.
    UpgradeSigned "upgrade_signed";
    /// The circle has another code now.
    Upgraded "upgraded";
    /// Vault and books were brought together.
    Synced "synced";
}

impl EventKind {
    /// Of an event of a circle's contract.
    #[must_use]
    pub const fn of(event: &CircleChainEvent) -> Self {
        use CircleChainEvent as E;
        match event {
            E::InvitationAdded { .. } => Self::InvitationAdded,
            E::InvitationRevoked { .. } => Self::InvitationRevoked,
            E::ParticipantJoined { .. } => Self::ParticipantJoined,
            E::ParticipantLeft { .. } => Self::ParticipantLeft,
            E::GroupStarted { .. } => Self::GroupStarted,
            E::ContributionMade { .. } => Self::ContributionMade,
            E::PayoutMade { .. } => Self::PayoutMade,
            E::CreditPushed { .. } => Self::CreditPushed,
            E::DebtRepaid { .. } => Self::DebtRepaid,
            E::JoinRequested { .. } => Self::JoinRequested,
            E::JoinRejected { .. } => Self::JoinRejected,
            E::GettingReady { .. } => Self::GettingReady,
            E::DrawCommitted { .. } => Self::DrawCommitted,
            E::DrawRevealed { .. } => Self::DrawRevealed,
            E::OrderDrawn { .. } => Self::OrderDrawn,
            E::DepositMade { .. } => Self::DepositMade,
            E::SetupExpired { .. } => Self::SetupExpired,
            E::BidMade { .. } => Self::BidMade,
            E::InsuranceClaimed { .. } => Self::InsuranceClaimed,
            E::TurnsSwapped { .. } => Self::TurnsSwapped,
            E::ExitAnnounced { .. } => Self::ExitAnnounced,
            E::MemberExpelled { .. } => Self::MemberExpelled,
            E::SeatSold { .. } => Self::SeatSold,
            E::SeatMoved { .. } => Self::SeatMoved,
            E::MoveObjected { .. } => Self::MoveObjected,
            E::ProposalMade { .. } => Self::ProposalMade,
            E::VoteCast { .. } => Self::VoteCast,
            E::ProposalRejected { .. } => Self::ProposalRejected,
            E::GroupClosed { .. } => Self::GroupClosed,
            E::RefundClaimed { .. } => Self::RefundClaimed,
            E::UpgradeSigned { .. } => Self::UpgradeSigned,
            E::Upgraded { .. } => Self::Upgraded,
            E::Synced { .. } => Self::Synced,
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EventKind {
    type Err = IdError;

    fn from_str(name: &str) -> Result<Self, IdError> {
        Self::ALL.iter().find(|kind| kind.name() == name).copied().ok_or(IdError)
    }
}
