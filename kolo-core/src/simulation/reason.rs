//! Why a step was refused, the same on every stage.

use kolo_rules::Refusal;
use serde::{Serialize, Serializer};

/// Defines reasons with their names, numbers and advice side by side.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:expr, $advice:literal;)*) => {
        /// Why a step was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reason {
            /// The rules of the circle.
            Rules(Refusal),
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Those that are not of the rules.
            pub const OTHERS: &'static [Self] = &[$(Self::$name),*];

            /// The name, as in `docs/errors.md` and in a step's `expect`.
            #[must_use]
            pub fn name(self) -> String {
                match self {
                    Self::Rules(refusal) => format!("{refusal:?}"),
                    $(Self::$name => stringify!($name).to_owned(),)*
                }
            }

            /// The contract's number; `None` for what is refused before the contract is asked.
            #[must_use]
            pub const fn code(self) -> Option<u32> {
                match self {
                    Self::Rules(refusal) => Some(refusal.code()),
                    $(Self::$name => $code,)*
                }
            }

            /// What it means and what can be done.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    Self::Rules(refusal) => refusal.advice(),
                    $(Self::$name => $advice,)*
                }
            }
        }
    };
}

reasons! {
    /// Somebody who has to sign did not.
    NotSigned = None, "somebody who has to sign did not; nobody else can do it for them";
    /// An amount beyond 64 bits.
    BadAmount = Some(2), "the amount is too large; use a smaller one";
    /// Nobody invited them.
    NoInvitation = Some(6), "there is no open invitation; ask the organiser for one";
    /// The invitation is not good any more.
    InvitationExpired = Some(7), "the invitation has expired; ask for a new one";
    /// No more invitations fit.
    TooManyInvitations = Some(9), "too many invitations are open; take some back first";
    /// The member has too little money.
    NotEnoughMoney = Some(21), "not enough money; add some first";
    /// The member cannot pay at all.
    PaymentRefused = Some(22), "they hold no trustline for the asset, or it is frozen";
    /// The recipient cannot receive.
    Undeliverable = Some(23), "the recipient cannot receive now: trustline missing, frozen or full";
    /// The vault holds less than it owes.
    VaultShort = Some(24), "the vault holds less than it owes; call sync";
    /// The token failed otherwise.
    TokenFailed = Some(25), "the token failed; try again";
    /// Not what was committed to.
    BadSecret = Some(26), "what is revealed is not what was committed to";
    /// Nobody of this name asked.
    NoRequest = Some(27), "no request of theirs is waiting";
    /// No more requests fit.
    TooManyRequests = Some(28), "too many requests are waiting; the organiser must answer some first";
    /// The motion needs a subject or a newcomer, or must have none.
    BadMotion = Some(29), "this motion needs other people named: see about and newcomer";
    /// The network: no trustline.
    NoTrustline = None, "one of the two holds no trustline for the asset";
    /// The network: frozen.
    Frozen = None, "the issuer has frozen the asset of one of the two";
    /// The network: too little money.
    BalanceTooLow = None, "there is less money than that";
    /// The network: the trustline's limit.
    LimitReached = None, "it would be more than the recipient's trustline allows";
    /// The network: a limit below the balance, or a trustline removed that is none or holds money.
    BadLimit = None, "a trustline's limit cannot be below its balance; it is removed when it is empty";
}

impl Reason {
    /// The reason with the contract's number.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        let of_rules = Refusal::from_code(code).map(Self::Rules);
        of_rules.or_else(|| Self::OTHERS.iter().copied().find(|it| it.code() == Some(code)))
    }

    /// The reason of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = Refusal::ALL.iter().copied().map(Self::Rules).chain(Self::OTHERS.iter().copied());
        all.into_iter().find(|reason| reason.name() == name)
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        Self::Rules(refusal)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown {
            name: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<u32>,
            advice: &'static str,
        }
        Shown { name: self.name(), code: self.code(), advice: self.advice() }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_find_their_reason() {
        let refusals = Refusal::ALL.iter().copied().map(Reason::Rules);
        for reason in refusals.chain(Reason::OTHERS.iter().copied()) {
            assert_eq!(Reason::from_name(&reason.name()), Some(reason));
            if let Some(code) = reason.code() {
                assert_eq!(Reason::from_code(code), Some(reason));
            }
        }
        assert_eq!(Reason::from_name("Nonsense"), None);
        assert_eq!(Reason::from_code(99), None);
    }
}
