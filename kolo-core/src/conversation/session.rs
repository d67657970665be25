//! What a conversation remembers between two messages: the step it is at and the choices it offered.
use kolo_rules::Amount;
use kolo_rules::circle::{Order, Shortfall};
use serde::{Deserialize, Serialize};

use super::reply::Act;
use crate::circle::{Handover, Office, Question};
use crate::offer::SwapTerms;
use crate::port::chain::ChainAddress;
use crate::record::Aggregate;
use crate::view::{Every, NewCircle, Options};
use crate::{Asset, CircleId, MemberId, OfferId, Timestamp};

/// How long a question for a YES stands; after that, nothing is done.
pub const CONFIRM_S: u64 = 600;
/// How long a half-finished dialogue can be taken up again.
pub const CONTEXT_S: u64 = 86_400;

/// A conversation with one contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Messages answered so far: makes every menu's buttons unlike those of any other.
    pub(super) turn: u64,
    /// The step it is at.
    pub(super) step: Option<Step>,
    /// When that step began.
    pub(super) since: Timestamp,
    /// The choices offered last.
    pub(super) menu: Option<Menu>,
}

impl Aggregate for Session {
    const KIND: &'static str = "session";
}

impl Session {
    /// Whether the step has been left alone too long, seen from `at`.
    pub(super) fn is_expired(&self, at: Timestamp) -> bool {
        let limit = match &self.step {
            Some(step) if step.is_brief() => CONFIRM_S,
            _ => CONTEXT_S,
        };
        at.unix().saturating_sub(self.since.unix()) > limit
    }
}

/// Where a dialogue is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// Asked somebody new for their name; what they said first is done afterwards.
    Name { then: String },
    /// Asking for what a new group still lacks.
    Draft(Draft),
    /// Asked for the code of an invitation.
    Code,
    /// Asked which of several groups is meant.
    Which { purpose: Purpose, groups: Vec<CircleId>, from: usize },
    /// Asked YES or NO.
    Confirm(Pending),
    /// Asked which of two amounts is meant.
    Either { of: AmountOf, grouped: String, pointed: String },
    /// Showed a page of the history.
    History { before: u64 },
}

impl Step {
    /// Whether it is a question about money or consent, which must not be answered much later by chance.
    pub fn is_brief(&self) -> bool {
        matches!(self, Self::Confirm(_) | Self::Either { .. })
    }
}

/// What an amount is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AmountOf {
    Contribution { circle: CircleId },
    Repayment { circle: CircleId },
    Bid { circle: CircleId },
    TestMoney,
}

/// What a group is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    Status,
    Contribute {
        amount: Option<String>,
    },
    Repay {
        amount: Option<String>,
    },
    Invite {
        phone: Option<String>,
        #[serde(default)]
        turn: Option<String>,
    },
    GroupCode,
    Requests,
    Roles,
    AnswerRole {
        accept: bool,
    },
    LayDownRole,
    SellPlace {
        who: Option<String>,
        phone: Option<String>,
    },
    /// Something about one person: their name, number or address, as typed.
    About {
        act: Act,
        who: Option<String>,
        phone: Option<String>,
        turn: Option<String>,
    },
    Start,
    Leave,
    CancelGroup,
    Dissolve,
    Vote {
        approve: Option<bool>,
        number: Option<String>,
    },
    Bid {
        amount: Option<String>,
    },
}

/// What a YES will do, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Pending {
    Create(Draft),
    Join {
        code: String,
        rules_hash: [u8; 32],
    },
    Contribute {
        circle: CircleId,
        round: u8,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    Repay {
        circle: CircleId,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    Start {
        circle: CircleId,
    },
    Leave {
        circle: CircleId,
    },
    CancelGroup {
        circle: CircleId,
    },
    Dissolve {
        circle: CircleId,
    },
    Vote {
        circle: CircleId,
        proposal: u32,
        approve: bool,
    },
    Exit {
        circle: CircleId,
    },
    /// The bond (`bond`) or the deposit.
    Enter {
        circle: CircleId,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
        bond: bool,
    },
    Bid {
        circle: CircleId,
        round: u8,
        #[serde(with = "crate::money::amount_serde")]
        amount: Amount,
    },
    Ask {
        circle: CircleId,
        rules_hash: [u8; 32],
    },
    TakeBack {
        circle: CircleId,
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
    Remove {
        circle: CircleId,
        who: ChainAddress,
    },
    Propose {
        circle: CircleId,
        question: Question,
    },
    /// A vote on a seat for whoever has a number.
    ProposeByNumber {
        circle: CircleId,
        seat: ChainAddress,
        handover: Handover,
        phone: String,
    },
    /// To be asked for the office.
    Role {
        circle: CircleId,
        whom: MemberId,
        office: Office,
    },
    /// To be relieved of the office, or (not `held`) no longer asked.
    RoleEnd {
        circle: CircleId,
        whom: MemberId,
        office: Office,
        held: bool,
    },
    LayDownRole {
        circle: CircleId,
    },
    Swap {
        circle: CircleId,
        with: MemberId,
        terms: SwapTerms,
    },
    OfferSeat {
        circle: CircleId,
        newcomer: MemberId,
        #[serde(with = "crate::money::amount_serde")]
        price: Amount,
    },
    AcceptOffer {
        offer: OfferId,
        rules_hash: Option<[u8; 32]>,
    },
    /// Take one's own back (`mine`), or decline.
    EndOffer {
        offer: OfferId,
        mine: bool,
    },
}

impl Pending {
    /// Whether it is about what two people agree on.
    pub const fn is_offer(&self) -> bool {
        matches!(
            self,
            Self::Swap { .. }
                | Self::OfferSeat { .. }
                | Self::AcceptOffer { .. }
                | Self::EndOffer { .. }
        )
    }

    /// Whether it is about an office.
    pub const fn is_role(&self) -> bool {
        matches!(self, Self::Role { .. } | Self::RoleEnd { .. } | Self::LayDownRole { .. })
    }
}

/// A new group as far as it has been said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Draft {
    pub name: Option<String>,
    /// What it saves in, where there is a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Asset>,
    /// Minor units.
    pub contribution: Option<i64>,
    pub every: Option<Every>,
    pub seats: Option<u8>,
    /// Who gets which turn.
    #[serde(default)]
    pub order: Ordering,
    /// The organiser's turn, where they set the order.
    #[serde(default)]
    pub own_turn: Option<u8>,
    /// How often a pot is paid out, when not with every payment.
    #[serde(default)]
    pub payout: Option<Every>,
    /// A short pot is paid out at once, rather than after one more interval.
    pub short_pot: bool,
    pub advance: bool,
}

/// Who gets which turn, as a chat offers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ordering {
    #[default]
    Joining,
    /// As the organiser says.
    Set,
    Drawn,
    Auction,
}

impl Ordering {
    /// As the rules name it.
    pub const fn order(self) -> Order {
        match self {
            Self::Joining => Order::Join,
            Self::Set => Order::Fixed,
            Self::Drawn => Order::Random,
            Self::Auction => Order::Auction,
        }
    }

    /// What of the rules' orders it is.
    pub const fn of(order: Order) -> Self {
        match order {
            Order::Fixed => Self::Set,
            Order::Random => Self::Drawn,
            Order::Auction => Self::Auction,
            _ => Self::Joining,
        }
    }
}

impl Draft {
    /// The group, when nothing is missing.
    pub fn complete(&self) -> Option<NewCircle> {
        let every = self.every?;
        let organiser_turn = match self.order {
            Ordering::Set => self.own_turn?,
            _ => 1,
        };
        Some(NewCircle {
            name: self.name.clone()?,
            asset: self.asset.clone(),
            contribution: Amount::new(self.contribution?),
            every,
            seats: self.seats?,
            instalments_per_round: self.payments_per_pot().unwrap_or(1),
            grace_hours: grace_hours(every),
            shortfall: if self.short_pot { Shortfall::ShortPot } else { Shortfall::Wait },
            advance: self.advance,
            options: Options { order: self.order.order(), organiser_turn, ..Options::default() },
        })
    }

    /// How many payments make a pot; `None` when the pots do not fall on payments.
    pub fn payments_per_pot(&self) -> Option<u8> {
        match (self.every?, self.payout) {
            (_, None) => Some(1),
            (every, Some(payout)) if every == payout => Some(1),
            (Every::Days(every), Some(Every::Days(payout))) if payout % every == 0 => {
                u8::try_from(payout / every).ok()
            }
            _ => None,
        }
    }
}

/// A day of grace; less where payments are due every day or two.
fn grace_hours(every: Every) -> u32 {
    match every {
        Every::Days(days) if days < 3 => 6,
        _ => 24,
    }
}

/// The choices of one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Menu {
    /// Of the turn that asked; part of each button's id.
    pub nonce: u64,
    pub choices: Vec<Choice>,
}

/// One choice: what it says and what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Choice {
    pub label: String,
    /// What tells it from the others where there is room for more than a label.
    pub detail: Option<String>,
    pub action: Action,
}

/// What a choice does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Action {
    Yes,
    No,
    /// As if it had been typed.
    Say(String),
    Group(CircleId),
    MoreGroups,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::port::ledger::Record;
    use crate::record::{decode, encode};

    #[test]
    fn survives_storing_and_refuses_newer_versions() {
        let session = Session {
            turn: 7,
            step: Some(Step::Confirm(Pending::Contribute {
                circle: CircleId::derive(&[b"a"]),
                round: 2,
                amount: Amount::new(100),
            })),
            since: Timestamp::from_unix(5),
            menu: Some(Menu {
                nonce: 7,
                choices: vec![Choice {
                    label: "YES".to_owned(),
                    detail: None,
                    action: Action::Yes,
                }],
            }),
        };
        let mut record = encode(Session::KIND, 1, &session).expect("a record");
        assert_eq!(decode::<Session>(&record, 1).expect("a session"), session);
        record.schema_version = 2;
        assert!(matches!(decode::<Session>(&record, 1), Err(Error::Stored { .. })));
        record.schema_version = 1;
        record.bytes.truncate(3);
        assert!(matches!(decode::<Session>(&record, 1), Err(Error::Stored { .. })));
    }

    /// A sample of version 1 that must always load.
    #[test]
    fn loads_the_first_version() {
        let bytes = br#"{"turn":3,"step":{"Draft":{"name":"Market Women","contribution":100000000,"every":{"Days":7},
            "seats":null,"short_pot":false,"advance":false}},"since":1700000000,"menu":null}"#;
        let record =
            Record { kind: "session".to_owned(), schema_version: 1, bytes: bytes.to_vec() };
        let session: Session = decode(&record, Session::SCHEMA).expect("version 1");
        let Some(Step::Draft(draft)) = session.step else { panic!("a draft") };
        assert_eq!(
            (draft.name.as_deref(), draft.every),
            (Some("Market Women"), Some(Every::Days(7)))
        );
    }

    #[test]
    fn a_confirm_expires_after_ten_minutes_and_a_dialogue_after_a_day() {
        let mut session = Session { step: Some(Step::Code), ..Session::default() };
        assert!(!session.is_expired(Timestamp::from_unix(86_399)));
        assert!(session.is_expired(Timestamp::from_unix(86_401)));
        session.step = Some(Step::Confirm(Pending::Start { circle: CircleId::derive(&[b"a"]) }));
        assert!(!session.is_expired(Timestamp::from_unix(600)));
        assert!(session.is_expired(Timestamp::from_unix(601)));
    }
}
