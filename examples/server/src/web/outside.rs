//! What is answered to people beyond this machine.
//!
//! The phone page speaks for everybody on it, moves the clock and reaches the network's RPC: it is for whoever
//! sits at this machine. The server listens here alone, but a proxy in front can pass anything on, and a page
//! elsewhere can give this machine a name of its own. So what was not plainly asked for here gets the pages
//! that are made for it, and nothing else.
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::App;
use super::key;

/// What a proxy adds that passes something on.
const PASSED_ON: [&str; 5] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// What receipts' pages load.
const OF_RECEIPTS: [&str; 3] = ["/dom.js", "/frame.js", "/receipt.js"];

/// Around everything.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_from_here(request.uri(), request.headers()) {
        return next.run(request).await;
    }
    let path = request.uri().path();
    if is_key_page(path) {
        // A link that is told to people leads to KOLO_PUBLIC_URL; without it, none of them leads here.
        return match app.over_tls {
            true => next.run(request).await,
            false => refusal("the page of members' keys: set KOLO_PUBLIC_URL to https://HOST"),
        };
    }
    match is_for_all(path) {
        true => next.run(request).await,
        false => refusal("this is answered on the machine itself, at localhost, alone"),
    }
}

fn refusal(why: &'static str) -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], why).into_response()
}

/// Whether whoever asks used this machine's own name, and nobody says to have passed it on.
fn is_from_here(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (uri.host(), hosts.next(), hosts.next()) {
        (Some(host), ..) => Some(host),
        (None, Some(host), None) => host.to_str().ok().map(without_port),
        _ => None,
    };
    host.is_some_and(is_loopback) && !PASSED_ON.iter().any(|name| headers.contains_key(*name))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "[::1]")
}

fn is_key_page(path: &str) -> bool {
    path.strip_prefix(key::PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_for_all(path: &str) -> bool {
    let is_receipt = path.starts_with("/receipt/") || path.starts_with("/api/receipt/");
    is_receipt || path == "/style.css" || OF_RECEIPTS.contains(&path)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_from_here(&Uri::from_static("/"), &headers.collect())
    }

    #[test]
    fn only_this_machine_by_its_own_name_is_here() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "[::1]"] {
            assert!(asked(&[("host", host)]), "{host}");
        }
        for host in [
            "bot.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "",
            "::1",
            "10.0.0.1",
        ] {
            assert!(!asked(&[("host", host)]), "{host}");
        }
        assert!(!asked(&[]), "who says nothing is nobody from here");
        for name in PASSED_ON {
            assert!(!asked(&[("host", "127.0.0.1:8080"), (name, "203.0.113.7")]), "{name}");
        }
        let absolute = Uri::from_static("http://bot.example/");
        let here = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost"))]);
        assert!(!is_from_here(&absolute, &here));
    }

    #[test]
    fn keys_and_receipts_are_for_all() {
        for path in ["/key", "/key/mem_x.y", "/key/open"] {
            assert!(is_key_page(path), "{path}");
        }
        for path in ["/keys", "/", "/keyring/x"] {
            assert!(!is_key_page(path), "{path}");
        }
        for path in ["/receipt/x", "/receipt/x/file", "/api/receipt/x", "/receipt.js", "/style.css"]
        {
            assert!(is_for_all(path), "{path}");
        }
        for path in
            ["/", "/rpc", "/api/state", "/api/events", "/api/clock", "/metrics", "/health", "/tx/x"]
        {
            assert!(!is_for_all(path), "{path}");
        }
    }
}
