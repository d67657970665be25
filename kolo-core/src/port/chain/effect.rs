//! What is wanted of the chain.
use std::fmt;

use kolo_rules::circle::Motion;
use kolo_rules::{Amount, Rules};

use super::ChainAddress;
use crate::port::vault::{PublicKey, Signature};
use crate::{Asset, Timestamp};

/// An effect wanted on the chain, exactly once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainEffect {
    /// Create the account of `owner` with sponsored reserves and a trustline to `asset`; where the account is
    /// there, the trustline alone.
    OpenAccount {
        /// The new account.
        owner: ChainAddress,
        /// What it must be able to hold.
        asset: Asset,
    },
    /// A trustline to `asset`, its reserve sponsored, for an account that is there: none is created.
    OpenTrustline {
        /// Whose account.
        owner: ChainAddress,
        /// What it must be able to hold.
        asset: Asset,
    },
    /// Create a channel account with sponsored reserves: it holds nothing, and sends calls nobody signs for.
    OpenChannel {
        /// The new account.
        channel: ChainAddress,
    },
    /// A call nobody signs for, sent by a channel account instead of the keeper.
    ByChannel {
        /// The transaction's source, which alone signs it.
        channel: ChainAddress,
        /// The call.
        call: Box<ChainEffect>,
    },
    /// Pay from an account we sign for.
    Pay {
        /// Source.
        from: ChainAddress,
        /// Destination.
        to: ChainAddress,
        /// Of what.
        asset: Asset,
        /// How much.
        amount: Amount,
    },
    /// Create a circle by the factory.
    CreateCircle {
        /// Who signs.
        organiser: ChainAddress,
        /// Makes the circle's address.
        salt: [u8; 32],
        /// Its rules.
        rules: Rules,
        /// The organiser's own turn when they are a member.
        organiser_turn: Option<u8>,
    },
    /// Register an invitation key.
    Invite {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        organiser: ChainAddress,
        /// The one-time key.
        key: PublicKey,
        /// The place, where the order is fixed.
        turn: Option<u8>,
        /// Until when it may be used.
        expires_at: Timestamp,
    },
    /// Take back an invitation.
    RevokeInvitation {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        organiser: ChainAddress,
        /// The one-time key.
        key: PublicKey,
    },
    /// Join by an invitation key's signature over [`ChainClient::invitation_message`].
    Join {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// SHA-256 of the rules the member accepted.
        rules_hash: [u8; 32],
        /// The turn the member accepted, where the order is fixed: joining at another one is refused.
        turn: Option<u8>,
        /// The one-time key.
        key: PublicKey,
        /// Its signature.
        signature: Signature,
    },
    /// Leave before the start.
    Leave {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
    },
    /// Take somebody out before the start.
    Remove {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        organiser: ChainAddress,
        /// Who goes.
        member: ChainAddress,
    },
    /// Start with the members there are.
    Start {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        organiser: ChainAddress,
    },
    /// Give up a circle before its start.
    Cancel {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        organiser: ChainAddress,
    },
    /// Contribute exactly this to exactly this round.
    Contribute {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// Which round, 1-based.
        round: u8,
        /// How much.
        amount: Amount,
        /// What the circle saves in: nothing else is signed away.
        asset: Asset,
    },
    /// Pay out a round; anyone may.
    Payout {
        /// Which circle.
        circle: ChainAddress,
        /// Which round, 1-based.
        round: u8,
    },
    /// Deliver a credit to its owner; anyone may.
    Push {
        /// Which circle.
        circle: ChainAddress,
        /// Whose credit.
        member: ChainAddress,
    },
    /// Pay a debt.
    Repay {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// How much.
        amount: Amount,
        /// What the circle saves in: nothing else is signed away.
        asset: Asset,
    },
    /// Ask for a place, without an invitation.
    Request {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// SHA-256 of the rules the member accepted.
        rules_hash: [u8; 32],
    },
    /// Give somebody who asked a place.
    Approve {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        organiser: ChainAddress,
        /// Who asked.
        member: ChainAddress,
        /// The place, where the order is fixed.
        turn: Option<u8>,
    },
    /// Send somebody who asked away.
    Reject {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        organiser: ChainAddress,
        /// Who asked.
        member: ChainAddress,
    },
    /// Commit to a secret for the draw, and leave the bond.
    Commit {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// What is committed to; only its hash goes to the chain.
        secret: DrawSecret,
        /// What is paid with it.
        bond: Amount,
        /// What the circle saves in: nothing else is signed away.
        asset: Asset,
    },
    /// Reveal what was committed to; anyone may who knows it.
    Reveal {
        /// Which circle.
        circle: ChainAddress,
        /// Whose secret.
        member: ChainAddress,
        /// The secret.
        secret: DrawSecret,
    },
    /// Pay in exactly what is due before the first round.
    Secure {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// How much.
        amount: Amount,
        /// What the circle saves in: nothing else is signed away.
        asset: Asset,
    },
    /// Go on when the time of a step before the first round is over; anyone may.
    Proceed {
        /// Which circle.
        circle: ChainAddress,
    },
    /// Ask for the pot of the current round for less.
    Bid {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// Which round, 1-based.
        round: u8,
        /// What is asked for.
        amount: Amount,
    },
    /// Have the insurance step in for who has not paid.
    ClaimInsurance {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// Which round, 1-based.
        round: u8,
        /// Who has not paid.
        defaulter: ChainAddress,
        /// How much.
        amount: Amount,
    },
    /// Leave after the current round.
    Exit {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
    },
    /// Two members change turns; both sign.
    Swap {
        /// Which circle.
        circle: ChainAddress,
        /// Who proposed it; signs apart from the transaction.
        maker: ChainAddress,
        /// Who agreed; sends it.
        taker: ChainAddress,
        /// The turn the maker has until then.
        maker_turn: u8,
        /// The turn the taker has until then.
        taker_turn: u8,
        /// What whoever comes earlier then pays the other, for the deposit that turn needs.
        deposit: Amount,
        /// What the circle saves in: nothing else is signed away.
        asset: Asset,
    },
    /// A newcomer takes a member's seat over; both sign.
    Replace {
        /// Which circle.
        circle: ChainAddress,
        /// Whose seat; signs apart from the transaction.
        leaver: ChainAddress,
        /// Who buys it; sends it.
        newcomer: ChainAddress,
        /// The seat's turn.
        turn: u8,
        /// What the newcomer pays the leaver, the deposit with it; negative: the leaver pays.
        price: Amount,
        /// What the circle saves in: nothing else is signed away.
        asset: Asset,
    },
    /// Sign for another code of the circle.
    SignUpgrade {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// The hash of the code.
        wasm: [u8; 32],
    },
    /// Give the circle the code that was signed for, after the delay; anyone may.
    Upgrade {
        /// Which circle.
        circle: ChainAddress,
        /// The hash of the code.
        wasm: [u8; 32],
    },
    /// Open a vote.
    Propose {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// What is proposed.
        motion: Motion,
        /// Whom it is about.
        subject: Option<ChainAddress>,
        /// Who shall sit in their seat.
        newcomer: Option<ChainAddress>,
    },
    /// Move a seat to the address its vote was about, after the delay; anyone may.
    CompleteMove {
        /// Which circle.
        circle: ChainAddress,
        /// Whose seat.
        member: ChainAddress,
    },
    /// Show that one's key is not lost: no move of the seat.
    Object {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
    },
    /// Vote on a proposal.
    Vote {
        /// Which circle.
        circle: ChainAddress,
        /// Who signs.
        member: ChainAddress,
        /// Which proposal.
        proposal: u32,
        /// Yes or no.
        approve: bool,
    },
    /// Make the contract's books agree with what its vault holds; anyone may.
    Sync {
        /// Which circle.
        circle: ChainAddress,
    },
    /// Pay the rent of what is about to be archived; anyone may. What is archived already is restored.
    Prolong {
        /// Of this circle; `None`: what all circles share.
        circle: Option<ChainAddress>,
        /// What they save in.
        asset: Asset,
    },
    /// Close a member's trustlines and merge the account into another: the reserves go back to whoever
    /// sponsored them. Refused while the account holds anything.
    CloseAccount {
        /// Whose, and who signs.
        owner: ChainAddress,
        /// Of which assets there may be trustlines.
        assets: Vec<Asset>,
        /// Who gets what XLM is in it.
        to: ChainAddress,
    },
    /// Give the sponsor the reserves of a member's account back: the account carries its own from then on,
    /// and must have the XLM for it.
    LeaveSponsorship {
        /// Whose.
        owner: ChainAddress,
        /// Of which assets there may be trustlines.
        assets: Vec<Asset>,
    },
    /// Pay a member what is claimable after dissolving; anyone may.
    Claim {
        /// Which circle.
        circle: ChainAddress,
        /// To whom.
        member: ChainAddress,
    },
}

/// What a member commits to for a draw: nobody may learn it before it is revealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DrawSecret(pub [u8; 32]);

impl fmt::Debug for DrawSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DrawSecret(…)")
    }
}
