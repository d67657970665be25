//! Everything anybody can ask of a circle, people and invitation keys by number.
use kolo_contract_tests::{Call, Group, InvitationKey, Person, either};
use kolo_rulebook::Invitation;
use soroban_sdk::{Address, BytesN};

/// Whom an invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invitee {
    Person(usize),
    Key(u8),
}

/// A call of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    Invite {
        invitee: Invitee,
        turn: Option<u32>,
        expires_at: u64,
    },
    Revoke {
        invitee: Invitee,
    },
    /// With the key of an invitation, and whether it signed for this member.
    Join {
        who: usize,
        right_rules: bool,
        turn: Option<u32>,
        key: Option<(u8, bool)>,
    },
    Request {
        who: usize,
        right_rules: bool,
    },
    Approve {
        who: usize,
        turn: Option<u32>,
    },
    Reject {
        who: usize,
    },
    Leave {
        who: usize,
    },
    Remove {
        who: usize,
    },
    Start,
    Cancel,
    Commit {
        who: usize,
        secret: [u8; 32],
    },
    Reveal {
        who: usize,
        secret: [u8; 32],
    },
    Secure {
        who: usize,
        amount: i128,
    },
    Proceed,
    Contribute {
        who: usize,
        round: u32,
        amount: i128,
    },
    Payout {
        round: u32,
    },
    Push {
        who: usize,
    },
    Repay {
        who: usize,
        amount: i128,
    },
    Bid {
        who: usize,
        round: u32,
        amount: i128,
    },
    ClaimInsurance {
        who: usize,
        round: u32,
        defaulter: usize,
        amount: i128,
    },
    Swap {
        a: usize,
        b: usize,
        turns: [u32; 2],
    },
    Exit {
        who: usize,
    },
    Propose {
        who: usize,
        motion: u32,
        subject: Option<usize>,
        newcomer: Option<usize>,
    },
    Vote {
        who: usize,
        proposal: u32,
        approve: bool,
    },
    Replace {
        leaver: usize,
        newcomer: usize,
        turn: u32,
        price: i128,
    },
    CompleteMove {
        who: usize,
    },
    Object {
        who: usize,
    },
    SignUpgrade {
        who: usize,
        code: u8,
    },
    Upgrade {
        code: u8,
    },
    Claim {
        who: usize,
    },
    Sync,
    ExtendTtl,
}

/// The organiser's number.
pub const ORGANISER: usize = 0;

impl Ask {
    /// Whose signatures it needs.
    pub fn signers(&self) -> Vec<usize> {
        match *self {
            Self::Invite { .. }
            | Self::Revoke { .. }
            | Self::Approve { .. }
            | Self::Reject { .. }
            | Self::Remove { .. }
            | Self::Start
            | Self::Cancel => vec![ORGANISER],
            Self::Join { who, .. }
            | Self::Request { who, .. }
            | Self::Leave { who }
            | Self::Commit { who, .. }
            | Self::Secure { who, .. }
            | Self::Contribute { who, .. }
            | Self::Repay { who, .. }
            | Self::Bid { who, .. }
            | Self::ClaimInsurance { who, .. }
            | Self::Exit { who }
            | Self::Propose { who, .. }
            | Self::Vote { who, .. }
            | Self::Object { who }
            | Self::SignUpgrade { who, .. } => vec![who],
            Self::Swap { a, b, .. } => vec![a, b],
            Self::Replace { leaver, newcomer, .. } => vec![leaver, newcomer],
            Self::Reveal { .. }
            | Self::Proceed
            | Self::Payout { .. }
            | Self::Push { .. }
            | Self::CompleteMove { .. }
            | Self::Upgrade { .. }
            | Self::Claim { .. }
            | Self::Sync
            | Self::ExtendTtl => vec![],
        }
    }

    /// The invocation of the contract; `commitment` is what is committed to with a secret.
    pub fn call(&self, group: &Group<'_>, people: &[Person], commitment: [u8; 32]) -> Call {
        let env = &group.world.env;
        let of = |who: usize| people[who].address.clone();
        let bytes = |bytes: &[u8; 32]| BytesN::from_array(env, bytes);
        let invitee = |invitee: Invitee| match invitee {
            Invitee::Person(who) => Invitation::Address(of(who)),
            Invitee::Key(number) => Invitation::Key(key(number).public(group.world)),
        };
        match self {
            Self::Invite { invitee: whom, turn, expires_at } => {
                let (address, key) = either(&invitee(*whom));
                group.make("invite", (address, key, *turn, *expires_at))
            }
            Self::Revoke { invitee: whom } => group.make("revoke", either(&invitee(*whom))),
            Self::Join { who, right_rules, turn, key: with } => {
                let signed = with.map(|(number, for_them)| {
                    let whom = if for_them { *who } else { (*who + 1) % people.len() };
                    let signature = key(number).sign(group.world, &group.address, &of(whom));
                    (key(number).public(group.world), signature)
                });
                let (public, signature) = signed.unzip();
                let hash = rules_hash(group, *right_rules);
                group.make("join", (of(*who), hash, *turn, public, signature))
            }
            Self::Request { who, right_rules } => {
                group.make("request", (of(*who), rules_hash(group, *right_rules)))
            }
            Self::Approve { who, turn } => group.make("approve", (of(*who), *turn)),
            Self::Reject { who } => group.make("reject", (of(*who),)),
            Self::Leave { who } => group.make("leave", (of(*who),)),
            Self::Remove { who } => group.make("remove", (of(*who),)),
            Self::Start => group.make("start", ()),
            Self::Cancel => group.make("cancel", ()),
            Self::Commit { who, .. } => group.make("commit", (of(*who), bytes(&commitment))),
            Self::Reveal { who, secret } => group.make("reveal", (of(*who), bytes(secret))),
            Self::Secure { who, amount } => group.make("secure", (of(*who), *amount)),
            Self::Proceed => group.make("proceed", ()),
            later => later.call_later(group, people),
        }
    }

    /// The same of what is asked after the start.
    fn call_later(&self, group: &Group<'_>, people: &[Person]) -> Call {
        let env = &group.world.env;
        let of = |who: usize| people[who].address.clone();
        let maybe = |who: Option<usize>| -> Option<Address> { who.map(of) };
        let code = |code: u8| BytesN::from_array(env, &[code; 32]);
        match self {
            Self::Contribute { who, round, amount } => {
                group.make("contribute", (of(*who), *round, *amount))
            }
            Self::Payout { round } => group.make("payout", (*round,)),
            Self::Push { who } => group.make("push", (of(*who),)),
            Self::Repay { who, amount } => group.make("repay", (of(*who), *amount)),
            Self::Bid { who, round, amount } => group.make("bid", (of(*who), *round, *amount)),
            Self::ClaimInsurance { who, round, defaulter, amount } => {
                group.make("claim_insurance", (of(*who), *round, of(*defaulter), *amount))
            }
            Self::Swap { a, b, turns } => group.make("swap", (of(*a), of(*b), turns[0], turns[1])),
            Self::Exit { who } => group.make("exit", (of(*who),)),
            Self::Propose { who, motion, subject, newcomer } => {
                group.make("propose", (of(*who), *motion, maybe(*subject), maybe(*newcomer)))
            }
            Self::Vote { who, proposal, approve } => {
                group.make("vote", (of(*who), *proposal, *approve))
            }
            Self::Replace { leaver, newcomer, turn, price } => {
                group.make("replace", (of(*leaver), of(*newcomer), *turn, *price))
            }
            Self::CompleteMove { who } => group.make("complete_move", (of(*who),)),
            Self::Object { who } => group.make("object", (of(*who),)),
            Self::SignUpgrade { who, code: wasm } => {
                group.make("sign_upgrade", (of(*who), code(*wasm)))
            }
            Self::Upgrade { code: wasm } => group.make("upgrade", (code(*wasm),)),
            Self::Claim { who } => group.make("claim", (of(*who),)),
            Self::Sync => group.make("sync", ()),
            Self::ExtendTtl => group.make("extend_ttl", ()),
            earlier => panic!("{earlier:?} is asked before the start"),
        }
    }
}

fn key(number: u8) -> InvitationKey {
    InvitationKey::new([number + 1; 32])
}

fn rules_hash(group: &Group<'_>, right: bool) -> BytesN<32> {
    if right { group.rules_hash() } else { BytesN::from_array(&group.world.env, &[1; 32]) }
}
