//! Another code for a circle's contract: all who have something in it sign, and seven days later anybody
//! has it changed. The rules of who must sign are the contract's.
use kolo_rules::Refusal;

use super::service::{Circles, UnderWay};
use super::state::Circle;
use crate::intent::state::{Signed, Want};
use crate::port::authorizer::CommandName;
use crate::{CircleId, CommandContext, Error, MemberId};

impl Circles {
    /// Signs for the code with this SHA-256; signing for another one replaces it.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] for who is not in it; [`Error::Refused`] before the start.
    pub async fn sign_upgrade(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        wasm: [u8; 32],
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::SignUpgrade(Signed { circle, member, wasm });
        self.simple(ctx, CommandName::SignUpgrade, circle, want, |found| {
            found.require_begun(member)
        })
        .await
    }

    /// Gives the circle the code everybody concerned signed for at least seven days ago.
    ///
    /// # Errors
    /// [`Error::NoSuchCircle`] for who is not in it; [`Error::Refused`] before the start. What the contract
    /// refuses (a signature is missing, it is too early) arrives as a notice.
    pub async fn upgrade(
        &self,
        ctx: &CommandContext,
        circle: CircleId,
        wasm: [u8; 32],
    ) -> Result<UnderWay, Error> {
        let member = ctx.member()?;
        let want = Want::Upgrade(Signed { circle, member, wasm });
        self.simple(ctx, CommandName::Upgrade, circle, want, |found| found.require_begun(member))
            .await
    }
}

impl Circle {
    fn require_begun(&self, member: MemberId) -> Result<(), Error> {
        self.seat_of_member(member).ok_or(Error::NoSuchCircle)?;
        self.require_live()?;
        if self.mirror()?.phase.has_started() {
            Ok(())
        } else {
            Err(Error::Refused(Refusal::NotActive))
        }
    }
}
