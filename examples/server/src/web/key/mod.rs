//! A member's page outside the chat: the link, the visit, the second factor, and what a code allows.
//!
//! Plain forms, without scripts. Looking at a link changes nothing, since messengers look at what they carry:
//! only its button opens it. The visit is a cookie no script can read and no other site can send.
mod acts;
mod guard;
mod pages;
mod picture;
mod words;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use kolo_core::Error;
use kolo_core::port::vault::Secret;
use serde::{Deserialize, Deserializer};

use self::guard::{Fields, Visitor};
use super::api::App;

/// Where the page is.
pub const PATH: &str = "/key";

/// The page's routes, with the headers all of them need.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/key", get(page))
        .route("/key/{link}", get(link))
        .route("/key/open", post(open))
        .route("/key/enrol", post(enrol))
        .route("/key/confirm", post(confirm))
        .route("/key/export", post(acts::export))
        .route("/key/close", post(acts::close))
        .route("/key/sponsorship", post(acts::leave_sponsorship))
        .route("/key/end", post(end))
        .layer(from_fn(guard::around))
}

/// A page instead of what was asked for.
struct Sorry(StatusCode, maud::Markup);

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        (self.0, axum::response::Html(self.1.into_string())).into_response()
    }
}

impl From<Error> for Sorry {
    fn from(error: Error) -> Self {
        let (status, said) = words::refusal(&error, false);
        match error {
            Error::PageClosed => Self(status, pages::closed()),
            _ => Self(status, pages::sorry(&said)),
        }
    }
}

/// A field nobody else may read: it is not copied on the way.
fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

fn html(page: maud::Markup) -> Response {
    axum::response::Html(page.into_string()).into_response()
}

/// What the link shows: a button. It is looked at, and stays good.
async fn link(State(app): State<App>, Path(link): Path<String>) -> Result<Response, Sorry> {
    let link = Secret::new(link);
    app.stack.kolo.key_page().peek(&link).await?;
    Ok(html(pages::door(&link)))
}

#[derive(Deserialize)]
struct Opening {
    #[serde(deserialize_with = "secret")]
    link: Secret,
}

async fn open(
    State(app): State<App>,
    Fields(Opening { link }): Fields<Opening>,
) -> Result<Response, Sorry> {
    let visit = app.stack.kolo.key_page().open(&link).await?;
    let cookie = guard::cookie(&app, &visit);
    Ok((guard::set(&cookie), Redirect::to(PATH)).into_response())
}

async fn page(State(app): State<App>, visitor: Visitor) -> Result<Response, Sorry> {
    Ok(html(pages::home(&visitor.view(&app).await?, None)?))
}

async fn enrol(State(app): State<App>, visitor: Visitor) -> Result<Response, Sorry> {
    let view = visitor.view(&app).await?;
    match app.stack.kolo.key_page().enrol(&visitor.visit).await {
        Ok(shown) => Ok(html(pages::enrolment(&view, &shown, None))),
        // One waits already: the page says until when, and how it is stopped.
        Err(Error::UnderWay) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct Codes {
    #[serde(deserialize_with = "secret")]
    code: Secret,
    /// Of the authenticator she has, if she has it.
    #[serde(default = "empty", deserialize_with = "secret")]
    old: Secret,
}

fn empty() -> Secret {
    Secret::new(String::new())
}

async fn confirm(
    State(app): State<App>,
    visitor: Visitor,
    Fields(Codes { code, old }): Fields<Codes>,
) -> Result<Response, Sorry> {
    let page = app.stack.kolo.key_page();
    let old = (!old.expose().trim().is_empty()).then_some(&old);
    match page.confirm(&visitor.visit, &code, old).await {
        Ok(_) => {
            app.stack.worker.nudge();
            Ok(Redirect::to(PATH).into_response())
        }
        Err(error @ Error::SecondFactor) => {
            let view = visitor.view(&app).await?;
            let shown = page.enrol(&visitor.visit).await?;
            let (status, said) = words::refusal(&error, view.exports);
            let page = pages::enrolment(&view, &shown, Some(&said));
            Ok((status, html(page)).into_response())
        }
        // The form was sent twice, and the first has done it.
        Err(Error::NoFactor | Error::UnderWay) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => Err(error.into()),
    }
}

async fn end(State(app): State<App>, visitor: Visitor) -> Result<Response, Sorry> {
    app.stack.kolo.key_page().leave(&visitor.visit).await?;
    Ok((guard::set(&guard::no_cookie(&app)), html(pages::ended())).into_response())
}
