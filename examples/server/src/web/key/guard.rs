//! Who may ask, and what a browser is told about every answer.
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use kolo_core::Error;
use kolo_core::port::Clock;
use kolo_core::port::vault::Secret;
use kolo_core::wallet::page::{KeyPageView, Visit};
use zeroize::Zeroizing;

use super::{PATH, Sorry, pages};
use crate::web::api::App;

/// The cookie's name.
const COOKIE: &str = "kolo-visit";

/// Nothing is loaded but our own style sheet, nothing is kept, nothing tells another site of the link, and
/// no other page can put this one in a frame.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Around every request: a form comes from our own page or from nobody, and the answer has its headers.
pub(super) async fn around(request: Request, next: Next) -> Response {
    let mut answer = match is_foreign(request.method(), request.headers()) {
        true => Sorry(StatusCode::FORBIDDEN, pages::foreign()).into_response(),
        false => next.run(request).await,
    };
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Whether another site has sent the form: browsers say where it comes from. (`Origin` would not do: without
/// a referrer it is `null`.)
fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    let from = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    *method == Method::POST && from.is_some_and(|from| from != "same-origin")
}

/// Somebody with a visit's cookie; whether it is good, the page says.
pub(super) struct Visitor {
    pub visit: Secret,
}

impl Visitor {
    pub async fn view(&self, app: &App) -> Result<KeyPageView, Error> {
        app.stack.kolo.key_page().view(&self.visit).await
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Sorry;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Sorry> {
        let cookies = parts.headers.get_all(header::COOKIE).iter();
        let found = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE);
        let visit = found.map(|(_, value)| Secret::new(value)).ok_or(Error::PageClosed)?;
        Ok(Self { visit })
    }
}

/// For this page alone, no script, no other site; over TLS alone where the page is.
pub(super) fn cookie(app: &App, visit: &Visit) -> Zeroizing<String> {
    let seconds = visit.until.unix().saturating_sub(app.stack.clock.now().unix());
    let secure = if app.over_tls { "; Secure" } else { "" };
    Zeroizing::new(format!(
        "{COOKIE}={}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}",
        visit.token.expose()
    ))
}

pub(super) fn no_cookie() -> Zeroizing<String> {
    Zeroizing::new(format!("{COOKIE}=; Path={PATH}; Max-Age=0; HttpOnly; SameSite=Strict"))
}

pub(super) fn set(cookie: &str) -> AppendHeaders<Option<(HeaderName, HeaderValue)>> {
    // A visit's text is plain ASCII.
    let value = HeaderValue::from_str(cookie).ok().map(|mut value| {
        value.set_sensitive(true);
        (header::SET_COOKIE, value)
    });
    AppendHeaders(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_other_sites_are_foreign() {
        let headers = |from: &'static str| {
            HeaderMap::from_iter([(
                HeaderName::from_static("sec-fetch-site"),
                HeaderValue::from_static(from),
            )])
        };
        for from in ["cross-site", "same-site", "none"] {
            assert!(is_foreign(&Method::POST, &headers(from)), "{from}");
            assert!(!is_foreign(&Method::GET, &headers(from)), "a link is followed");
        }
        assert!(!is_foreign(&Method::POST, &headers("same-origin")));
        assert!(
            !is_foreign(&Method::POST, &HeaderMap::new()),
            "an old browser: the cookie is strict"
        );
    }
}
