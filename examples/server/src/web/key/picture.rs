//! The picture an authenticator takes: drawn into the page itself, so that no other request has the secret.
use kolo_core::port::vault::Secret;
use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

/// Light squares around it, as the standard asks for.
const QUIET: usize = 4;

/// As SVG; `None` when the text is too long for one, and then it is typed in.
pub(super) fn picture(text: &Secret) -> Option<Markup> {
    let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M).ok()?;
    let (width, colours) = (code.width(), code.into_colors());
    let mut path = Zeroizing::new(String::new());
    for (at, colour) in colours.iter().enumerate() {
        if *colour == Color::Dark {
            let (x, y) = (at % width + QUIET, at / width + QUIET);
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    let size = width + 2 * QUIET;
    Some(html! {
        svg.qr viewBox=(format!("0 0 {size} {size}")) role="img" aria-label="The same as the text below, as a QR code" shape-rendering="crispEdges" {
            rect width=(size) height=(size) fill="#fff" {}
            path d=(path.as_str()) fill="#000" {}
        }
    })
}
