//! What is kept of an intent.
use serde::{Deserialize, Serialize};

use crate::circle::Question;
use crate::port::authorizer::CommandName;
use crate::port::chain::{ChainAddress, PreparedTx, Refused, SignedTx};
use crate::record::{Aggregate, Loaded, hex_bytes};
use crate::unit::{Changes, queue};
use crate::{Asset, CircleId, Error, IntentId, InvitationId, MemberId, OfferId, Timestamp};

/// The effect, in domain ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Want {
    OpenAccount {
        member: MemberId,
        /// Of the trustline that comes with it; `None`: written before there were several, of the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asset: Option<Asset>,
    },
    OpenChannel {
        number: u16,
    },
    /// To an asset that came onto the list, or is not the usual one.
    OpenTrustline {
        member: MemberId,
        asset: Asset,
    },
    TestMoney {
        member: MemberId,
        amount: i64,
        /// `None`: written before there were several, of the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asset: Option<Asset>,
    },
    CloseAccount {
        member: MemberId,
        to: ChainAddress,
    },
    LeaveSponsorship {
        member: MemberId,
    },
    CreateCircle {
        circle: CircleId,
    },
    Invite {
        invitation: InvitationId,
    },
    Revoke {
        invitation: InvitationId,
    },
    Join {
        invitation: InvitationId,
        member: MemberId,
    },
    Leave {
        circle: CircleId,
        member: MemberId,
    },
    Remove {
        circle: CircleId,
        who: ChainAddress,
    },
    Start {
        circle: CircleId,
    },
    Cancel {
        circle: CircleId,
    },
    Contribute {
        circle: CircleId,
        member: MemberId,
        round: u8,
        amount: i64,
    },
    Repay {
        circle: CircleId,
        member: MemberId,
        amount: i64,
    },
    Request {
        circle: CircleId,
        member: MemberId,
    },
    Approve {
        circle: CircleId,
        who: ChainAddress,
        turn: Option<u8>,
    },
    Reject {
        circle: CircleId,
        who: ChainAddress,
    },
    TakeBack {
        circle: CircleId,
        member: MemberId,
    },
    Commit {
        circle: CircleId,
        member: MemberId,
    },
    Reveal {
        circle: CircleId,
        member: MemberId,
    },
    Secure {
        circle: CircleId,
        member: MemberId,
        amount: i64,
    },
    Proceed {
        circle: CircleId,
    },
    Bid {
        circle: CircleId,
        member: MemberId,
        round: u8,
        amount: i64,
    },
    ClaimInsurance(Claimed),
    Exit {
        circle: CircleId,
        member: MemberId,
    },
    Propose(Proposed),
    CompleteMove {
        circle: CircleId,
        whose: ChainAddress,
    },
    Object {
        circle: CircleId,
        member: MemberId,
    },
    Vote {
        circle: CircleId,
        member: MemberId,
        proposal: u32,
        approve: bool,
    },
    SignUpgrade(Signed),
    Upgrade(Signed),
    TakeOffer {
        offer: OfferId,
        member: MemberId,
    },
    Payout {
        circle: CircleId,
        round: u8,
    },
    Push {
        circle: CircleId,
        to: ChainAddress,
    },
    Claim {
        circle: CircleId,
        to: ChainAddress,
    },
    Sync {
        circle: CircleId,
    },
    /// Of a circle, or what all circles share.
    Prolong {
        circle: Option<CircleId>,
        /// Whose contract is among what they share; `None`: a circle's own, or of before there were several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asset: Option<Asset>,
    },
}

/// What the insurance is asked to step in for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claimed {
    pub circle: CircleId,
    pub member: MemberId,
    pub round: u8,
    pub defaulter: ChainAddress,
    pub amount: i64,
}

/// What a vote is opened on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposed {
    pub circle: CircleId,
    pub member: MemberId,
    pub question: Question,
}

/// Which code is signed for, or put in; `member`: who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    pub circle: CircleId,
    pub member: MemberId,
    #[serde(with = "hex_bytes")]
    pub wasm: [u8; 32],
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Progress {
    Queued,
    /// Others' consents to it may have been signed, or are about to be: no others are asked for before
    /// these are over. Nothing in it is signed.
    Consenting(Box<PreparedTx>),
    /// Signed and stored; possibly sent.
    Persisted(Box<SignedTx>),
    Confirmed {
        tx: String,
        fee: i64,
        /// In which it was applied; 0: not kept.
        #[serde(default)]
        ledger: u32,
    },
    /// The effect was there already, without us.
    AlreadyDone,
    /// Whether it was applied nobody can tell: but not after the ledger its circle's state was read of, so that
    /// whatever it did is contained there.
    Overtaken,
    Refused(Refused),
    /// Never sent: whoever asked had lost the office it needs by the time it would have been signed.
    NotAllowed,
}

/// Aggregate `intent`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub id: IntentId,
    pub want: Want,
    pub progress: Progress,
    /// The channel account its transaction runs under, from when that is signed and stored to when its fate
    /// is known; written in one commit with the channel itself. `None`: an account of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u16>,
    /// When what was sent and not applied bids more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bump_at: Option<Timestamp>,
    /// Hashes of transactions that are proven impossible (hex).
    pub expired: Vec<String>,
    /// Fees charged so far for it, stroops of XLM.
    pub fees: i64,
    pub correlation: String,
    /// Whose command it came of; an officer's is signed with the organiser's account. `None`: nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<MemberId>,
    pub created_at: Timestamp,
}

impl Aggregate for Intent {
    const KIND: &'static str = "intent";
    /// 3: the channel a transaction runs under: software that does not know of it would give none back. What
    /// is stored as 2 ran under the keeper, without one. (2: draws, deposits, bids, insurance, votes on
    /// members. 1 was never released.)
    const SCHEMA: u32 = 3;
}

impl Intent {
    pub fn is_final(&self) -> bool {
        !self.is_unsent() && !matches!(self.progress, Progress::Persisted(_))
    }

    /// Whether state of that ledger is known to contain what it did. (An old record does not say in which it
    /// was applied; long ago.)
    pub fn is_done_by(&self, ledger: u32) -> bool {
        match &self.progress {
            Progress::Confirmed { ledger: applied, .. } => *applied <= ledger,
            Progress::AlreadyDone => true,
            _ => false,
        }
    }

    /// Nothing of it has been sent.
    pub fn is_unsent(&self) -> bool {
        matches!(self.progress, Progress::Queued | Progress::Consenting(_))
    }
}

/// Body of the event `intent.wanted`: what, by whose command, and the message or event it comes from
/// (WA-11).
#[derive(Serialize)]
struct Wanted<'a> {
    want: &'a Want,
    correlation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<MemberId>,
}

/// Payload of the intent queue.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct IntentWork {
    pub intent: IntentId,
}

impl Want {
    /// What it is by the table of who may what, where an officer can have it signed with the organiser's
    /// account.
    pub fn of_office(&self) -> Option<CommandName> {
        Some(match self {
            Self::Invite { .. } => CommandName::Invite,
            Self::Revoke { .. } => CommandName::Revoke,
            Self::Approve { .. } => CommandName::Approve,
            Self::Reject { .. } => CommandName::Reject,
            Self::Remove { .. } => CommandName::Remove,
            Self::Start { .. } => CommandName::Start,
            Self::Cancel { .. } => CommandName::Cancel,
            _ => return None,
        })
    }

    /// The circle it names itself.
    pub fn circle(&self) -> Option<CircleId> {
        Some(match self {
            Self::CreateCircle { circle }
            | Self::Leave { circle, .. }
            | Self::Remove { circle, .. }
            | Self::Start { circle }
            | Self::Cancel { circle }
            | Self::Contribute { circle, .. }
            | Self::Repay { circle, .. }
            | Self::Request { circle, .. }
            | Self::Approve { circle, .. }
            | Self::Reject { circle, .. }
            | Self::TakeBack { circle, .. }
            | Self::Commit { circle, .. }
            | Self::Reveal { circle, .. }
            | Self::Secure { circle, .. }
            | Self::Proceed { circle }
            | Self::Bid { circle, .. }
            | Self::ClaimInsurance(Claimed { circle, .. })
            | Self::Exit { circle, .. }
            | Self::Propose(Proposed { circle, .. })
            | Self::CompleteMove { circle, .. }
            | Self::Object { circle, .. }
            | Self::Vote { circle, .. }
            | Self::SignUpgrade(Signed { circle, .. })
            | Self::Upgrade(Signed { circle, .. })
            | Self::Payout { circle, .. }
            | Self::Push { circle, .. }
            | Self::Claim { circle, .. }
            | Self::Sync { circle } => *circle,
            Self::Prolong { circle, .. } => return *circle,
            Self::OpenAccount { .. }
            | Self::OpenChannel { .. }
            | Self::OpenTrustline { .. }
            | Self::TestMoney { .. }
            | Self::CloseAccount { .. }
            | Self::LeaveSponsorship { .. }
            | Self::Invite { .. }
            | Self::Revoke { .. }
            | Self::Join { .. }
            | Self::TakeOffer { .. } => return None,
        })
    }

    /// The lane of what nobody signs for, a keeper's call, when there are channels to send it: its circle's.
    pub fn of_keeper(&self) -> Option<String> {
        let circle = match self {
            Self::Payout { circle, .. }
            | Self::Push { circle, .. }
            | Self::Claim { circle, .. }
            | Self::Reveal { circle, .. }
            | Self::Proceed { circle }
            | Self::Sync { circle }
            | Self::CompleteMove { circle, .. }
            | Self::Upgrade(Signed { circle, .. })
            | Self::Prolong { circle: Some(circle), .. } => circle,
            Self::Prolong { circle: None, .. } => return Some("circle/all".to_owned()),
            _ => return None,
        };
        Some(format!("circle/{circle}"))
    }

    /// Whether a second one does no harm, however often it is sent: what nobody signs for anybody may call at
    /// any time, so that the contract refuses what is done; a circle is made once under its salt by
    /// one factory (by another one it is another circle: see `settling.rs`); an account that is open, closed or out of the sponsorship already is found to be so. (One that was closed can be opened again, and closed again: each
    /// wish is prepared upon how it is by then.)
    pub fn is_once_by_itself(&self) -> bool {
        let is_found = matches!(
            self,
            Self::CreateCircle { .. }
                | Self::OpenAccount { .. }
                | Self::OpenChannel { .. }
                | Self::OpenTrustline { .. }
                | Self::CloseAccount { .. }
                | Self::LeaveSponsorship { .. }
        );
        is_found || self.of_keeper().is_some()
    }

    /// One transaction per source account at a time: the lane is the source account. With channels, keepers'
    /// calls have the lane of their circle, and each takes whichever channel is free.
    fn lane(&self, organiser: Option<MemberId>, channels: u16) -> String {
        if let Some(lane) = self.of_keeper().filter(|_| channels > 0) {
            return lane;
        }
        let member = match self {
            Self::OpenAccount { .. }
            | Self::OpenChannel { .. }
            | Self::OpenTrustline { .. }
            | Self::LeaveSponsorship { .. } => {
                return "operator/sponsor".to_owned();
            }
            Self::TestMoney { .. } => return "operator/issuer".to_owned(),
            Self::Payout { .. }
            | Self::Push { .. }
            | Self::Claim { .. }
            | Self::Reveal { .. }
            | Self::Proceed { .. }
            | Self::Sync { .. }
            | Self::CompleteMove { .. }
            | Self::Prolong { .. }
            | Self::Upgrade(_) => return "operator/keeper".to_owned(),
            Self::CreateCircle { .. }
            | Self::Invite { .. }
            | Self::Revoke { .. }
            | Self::Start { .. }
            | Self::Cancel { .. }
            | Self::Approve { .. }
            | Self::Reject { .. }
            | Self::Remove { .. } => organiser,
            Self::CloseAccount { member, .. }
            | Self::Join { member, .. }
            | Self::Leave { member, .. }
            | Self::Contribute { member, .. }
            | Self::Repay { member, .. }
            | Self::Request { member, .. }
            | Self::TakeBack { member, .. }
            | Self::Commit { member, .. }
            | Self::Secure { member, .. }
            | Self::Bid { member, .. }
            | Self::ClaimInsurance(Claimed { member, .. })
            | Self::Exit { member, .. }
            | Self::Propose(Proposed { member, .. })
            | Self::Object { member, .. }
            | Self::SignUpgrade(Signed { member, .. })
            | Self::TakeOffer { member, .. }
            | Self::Vote { member, .. } => Some(*member),
        };
        member.map_or_else(|| "operator/keeper".to_owned(), |id| format!("member/{id}"))
    }
}

impl Changes {
    /// Wants an effect: the intent and its work item, in this change set. `label` tells several
    /// intents of one command apart; `organiser` is whose account sends organisers' calls.
    pub fn want(
        &mut self,
        label: &str,
        want: Want,
        organiser: Option<MemberId>,
    ) -> Result<IntentId, Error> {
        let tenant = self.set.tenant.as_str().to_owned();
        let key = self.set.key.clone();
        let id = IntentId::derive(&[tenant.as_bytes(), key.as_bytes(), label.as_bytes()]);
        self.want_as(id, want, organiser)?;
        Ok(id)
    }

    /// As [`Changes::want`], under an id of one's own (effects that must happen once whoever asks).
    pub fn want_as(
        &mut self,
        id: IntentId,
        want: Want,
        organiser: Option<MemberId>,
    ) -> Result<(), Error> {
        let now = self.now();
        let lane = want.lane(organiser, self.channels());
        let intent = Intent {
            id,
            want,
            progress: Progress::Queued,
            channel: None,
            bump_at: None,
            expired: Vec::new(),
            fees: 0,
            correlation: self.correlation().to_owned(),
            asked_by: self.asked_by(),
            created_at: now,
        };
        let intent = Loaded::fresh(&id, intent);
        self.write(&intent)?;
        let Intent { want, correlation, asked_by, .. } = &intent.state;
        let wanted = Wanted { want, correlation, asked_by: *asked_by };
        self.event(&intent.id, "intent.wanted", &wanted)?;
        self.enqueue(
            queue::INTENT,
            format!("intent/{id}"),
            Some(lane),
            now,
            &IntentWork { intent: id },
        )
    }
}
