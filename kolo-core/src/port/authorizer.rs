//! Who may command what, beyond the domain's own rules: the host's word.
use std::fmt;

use async_trait::async_trait;
use kolo_rules::Amount;

use super::PortError;
use crate::{Actor, CircleId, CommandContext, TenantId};

/// Names the commands there are and gives each its name in records and logs.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The commands that change something on somebody's behalf.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum CommandName {
            $($(#[$doc])* $name,)*
        }

        impl CommandName {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in records and logs; it never changes, since repetitions are known by it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

commands! {
    /// [`crate::member::Members::register`].
    Register = "member.register";
    /// [`crate::wallet::Wallets::test_money`].
    TestMoney = "wallet.test_money";
    /// [`crate::wallet::Wallets::export_key`].
    ExportKey = "wallet.export_key";
    /// [`crate::wallet::Wallets::sign_message`].
    SignMessage = "wallet.sign_message";
    /// [`crate::wallet::Wallets::close`].
    CloseAccount = "wallet.close";
    /// [`crate::wallet::Wallets::leave_sponsorship`].
    LeaveSponsorship = "wallet.leave_sponsorship";
    /// [`crate::circle::Circles::create`].
    CreateCircle = "circle.create";
    /// [`crate::circle::Circles::invite`].
    Invite = "circle.invite";
    /// [`crate::circle::Circles::revoke`].
    Revoke = "circle.revoke";
    /// [`crate::circle::Circles::join`].
    Join = "circle.join";
    /// [`crate::circle::Circles::remove`].
    Remove = "circle.remove";
    /// [`crate::circle::Circles::start`].
    Start = "circle.start";
    /// [`crate::circle::Circles::cancel`].
    Cancel = "circle.cancel";
    /// [`crate::circle::Circles::leave`].
    Leave = "circle.leave";
    /// [`crate::circle::Circles::contribute`].
    Contribute = "circle.contribute";
    /// [`crate::circle::Circles::repay`].
    Repay = "circle.repay";
    /// [`crate::circle::Circles::request`].
    Request = "circle.request";
    /// [`crate::circle::Circles::take_back`].
    TakeBack = "circle.take_back";
    /// [`crate::circle::Circles::open_door`].
    OpenDoor = "circle.open_door";
    /// [`crate::circle::Circles::close_door`].
    CloseDoor = "circle.close_door";
    /// [`crate::circle::Circles::approve`].
    Approve = "circle.approve";
    /// [`crate::circle::Circles::reject`].
    Reject = "circle.reject";
    /// [`crate::circle::Circles::commit`].
    Commit = "circle.commit";
    /// [`crate::circle::Circles::secure`].
    Secure = "circle.secure";
    /// [`crate::circle::Circles::bid`].
    Bid = "circle.bid";
    /// [`crate::circle::Circles::claim_insurance`].
    ClaimInsurance = "circle.claim_insurance";
    /// [`crate::circle::Circles::exit`].
    Exit = "circle.exit";
    /// [`crate::circle::Circles::propose`].
    Propose = "circle.propose";
    /// [`crate::circle::Circles::object`].
    Object = "circle.object";
    /// [`crate::circle::Circles::vote`].
    Vote = "circle.vote";
    /// [`crate::circle::Circles::sign_upgrade`].
    SignUpgrade = "circle.sign_upgrade";
    /// [`crate::circle::Circles::upgrade`].
    Upgrade = "circle.upgrade";
    /// [`crate::circle::Circles::name_officer`].
    NameOfficer = "circle.name_officer";
    /// [`crate::circle::Circles::relieve_officer`].
    RelieveOfficer = "circle.relieve_officer";
    /// [`crate::circle::Circles::answer_office`].
    AnswerOffice = "circle.answer_office";
    /// [`crate::circle::Circles::lay_down_office`].
    LayDownOffice = "circle.lay_down_office";
    /// [`crate::offer::Offers::swap`].
    OfferTurns = "offer.turns";
    /// [`crate::offer::Offers::seat`].
    OfferSeat = "offer.seat";
    /// [`crate::offer::Offers::accept`].
    AcceptOffer = "offer.accept";
    /// [`crate::offer::Offers::decline`].
    DeclineOffer = "offer.decline";
    /// [`crate::offer::Offers::withdraw`].
    WithdrawOffer = "offer.withdraw";
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandRequest {
    /// Whose.
    pub tenant: TenantId,
    /// By whom; registrations are the host's own ([`Actor::System`]).
    pub actor: Actor,
    /// What.
    pub command: CommandName,
    /// Which circle it concerns; `None` where there is none (yet), and for a code nobody knows.
    pub circle: Option<CircleId>,
    /// How much money the actor pays by it, minor units of the tenant's asset. Of what two agree on, each
    /// is asked about what they would pay themselves: nothing, when it is the other who pays.
    pub amount: Option<Amount>,
    /// What started it (a message's id).
    pub correlation: String,
}

impl CommandRequest {
    /// A command of this context, about no circle and no money.
    #[must_use]
    pub fn new(ctx: &CommandContext, command: CommandName) -> Self {
        Self {
            tenant: ctx.tenant.clone(),
            actor: ctx.actor.clone(),
            command,
            circle: None,
            amount: None,
            correlation: ctx.correlation.clone(),
        }
    }

    /// Concerning this circle.
    #[must_use]
    pub fn about(mut self, circle: impl Into<Option<CircleId>>) -> Self {
        self.circle = circle.into();
        self
    }

    /// Moving this much.
    #[must_use]
    pub fn moving(mut self, amount: Amount) -> Self {
        self.amount = Some(amount);
        self
    }
}

/// The host's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Go on: the domain's rules decide.
    Allowed,
    /// Not this actor, not this, not now.
    Refused {
        /// Why, in words for the person who asked; empty: a general answer is given.
        reason: String,
    },
}

/// Answers (actor, command).
///
/// Asked once for every command, before it is decided and before anything is written; never for the
/// repetition of a command that was carried out, which gets its first answer. The domain's own checks
/// (who may do what in a circle: [`crate::circle::Action::who_may`]) come after it and cannot be lifted by it. A refusal is not
/// remembered: the same command under the same key is asked about anew. When the port fails, nothing is
/// done. What the worker does by itself (following the chain, payouts on their dates) is nobody's command.
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// Whether the command may go on. May be asked again for the same command, and must change nothing.
    ///
    /// # Errors
    /// [`PortError`] when it cannot tell: the command then fails with it.
    async fn authorize(&self, request: &CommandRequest) -> Result<Verdict, PortError>;
}

/// Leaves everything to the domain's rules: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct DomainRules;

#[async_trait]
impl Authorizer for DomainRules {
    async fn authorize(&self, _: &CommandRequest) -> Result<Verdict, PortError> {
        Ok(Verdict::Allowed)
    }
}
