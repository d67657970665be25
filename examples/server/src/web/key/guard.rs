//! Who may ask, and what a browser is told about every answer.
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use kolo_core::Error;
use kolo_core::port::Clock;
use kolo_core::port::vault::Secret;
use kolo_core::wallet::page::{KeyPageView, Visit};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{PATH, Sorry, pages};
use crate::web::api::App;

/// The cookie's name on this machine.
const COOKIE: &str = "kolo-visit";

/// And over TLS: a browser takes one of this name over TLS alone.
const SECURE_COOKIE: &str = "__Secure-kolo-visit";

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

impl FromRequestParts<App> for Visitor {
    type Rejection = Sorry;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Sorry> {
        let wanted = cookie_name(app.over_tls);
        let cookies = parts.headers.get_all(header::COOKIE).iter();
        let found = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == wanted);
        let visit = found.map(|(_, value)| Secret::new(value)).ok_or(Error::PageClosed)?;
        Ok(Self { visit })
    }
}

/// A form's fields; one that does not fit is answered with a page.
pub(super) struct Fields<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Fields<T> {
    type Rejection = Sorry;

    async fn from_request(request: Request, app: &App) -> Result<Self, Sorry> {
        match Form::from_request(request, app).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            // What the rejection says may hold what was typed.
            Err(rejection) => {
                let said = "That form was not complete. Please fill it in again.";
                Err(Sorry(rejection.into_response().status(), pages::sorry(said)))
            }
        }
    }
}

fn cookie_name(over_tls: bool) -> &'static str {
    if over_tls { SECURE_COOKIE } else { COOKIE }
}

/// For this page alone, no script, no other site; over TLS alone where the page is.
pub(super) fn cookie(app: &App, visit: &Visit) -> Zeroizing<String> {
    let seconds = visit.until.unix().saturating_sub(app.stack.clock.now().unix());
    baked(app.over_tls, visit.token.expose(), seconds)
}

pub(super) fn no_cookie(app: &App) -> Zeroizing<String> {
    baked(app.over_tls, "", 0)
}

fn baked(over_tls: bool, visit: &str, seconds: u64) -> Zeroizing<String> {
    let (name, secure) = (cookie_name(over_tls), if over_tls { "; Secure" } else { "" });
    Zeroizing::new(format!(
        "{name}={visit}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    ))
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
