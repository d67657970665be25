//! What takes the consent of two people at different times: one offers, the other accepts.
//!
//! ```text
//!           accept                        the chain's event
//! open ───────────────▶ accepted ────────────────────────────▶ done
//!  │ │ │ │                  └──── the chain refuses ─────────▶ failed
//!  │ │ │ └ turns or seat have changed ─▶ void
//!  │ │ └── the time is over ──────────▶ expired
//!  │ └──── its taker says no ─────────▶ declined
//!  └────── its maker takes it back ───▶ withdrawn
//! ```
//! Both consents are to the same terms: what the maker was shown is stored with the offer, what the taker
//! accepts is what is stored, and only while both seats are still what they were. The chain is called
//! once, at the acceptance, with all of it pinned.
mod ending;
mod making;
pub(crate) mod service;
pub(crate) mod state;
mod taking;
mod terms;
mod view;

pub use service::Offers;
pub use view::{OfferEnd, OfferKind, OfferStage, OfferTerms, OfferView, SwapTerms};
