//! What a code allows. Each form says in words what happens, and the chat says that it has.
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kolo_core::Error;
use kolo_core::port::chain::ChainAddress;
use kolo_core::port::vault::{SealTo, Secret};
use kolo_core::wallet::page::Once;
use serde::Deserialize;

use super::guard::{Fields, Visitor};
use super::pages::Act;
use super::{Sorry, html, pages, secret, words};
use crate::web::api::App;

#[derive(Deserialize)]
pub(super) struct Export {
    once: String,
    #[serde(deserialize_with = "secret")]
    passphrase: Secret,
    #[serde(deserialize_with = "secret")]
    again: Secret,
    #[serde(deserialize_with = "secret")]
    code: Secret,
}

/// The sealed file, shown and to be saved: once.
pub(super) async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<Export>,
) -> Result<Response, Sorry> {
    let view = visitor.view(&app).await?;
    if form.passphrase.expose() != form.again.expose() {
        let said = "The two passphrases are not the same. No code was used up.";
        return Ok(html(pages::home(&view, Some((Act::Export, said)))?));
    }
    let once = Once::try_new(&form.once)?;
    let to = SealTo::Passphrase(form.passphrase);
    let sealed = app.stack.kolo.key_page().export((&visitor.visit, &once), &to, &form.code).await;
    app.stack.worker.nudge();
    match sealed {
        Ok(sealed) => Ok(html(pages::exported(&view, &sealed))),
        Err(error) => again(&app, &visitor, Act::Export, error).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Close {
    once: String,
    /// Where XLM of her own goes, if she has any.
    #[serde(default)]
    to: String,
    #[serde(deserialize_with = "secret")]
    code: Secret,
}

pub(super) async fn close(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<Close>,
) -> Result<Response, Sorry> {
    let to = form.to.trim();
    if !to.is_empty() && stellar_strkey::ed25519::PublicKey::from_string(to).is_err() {
        let said = "That is no Stellar address: it begins with G and has 56 characters. No code was used up.";
        return Ok(html(pages::home(&visitor.view(&app).await?, Some((Act::Close, said)))?));
    }
    let to = (!to.is_empty()).then(|| ChainAddress(to.to_owned()));
    let once = Once::try_new(&form.once)?;
    match app.stack.kolo.key_page().close((&visitor.visit, &once), to, &form.code).await {
        Ok(_) => {
            app.stack.worker.nudge();
            Ok(html(pages::closing()))
        }
        Err(error) => again(&app, &visitor, Act::Close, error).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Sponsorship {
    once: String,
    #[serde(deserialize_with = "secret")]
    code: Secret,
}

pub(super) async fn leave_sponsorship(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<Sponsorship>,
) -> Result<Response, Sorry> {
    let once = Once::try_new(&form.once)?;
    let page = app.stack.kolo.key_page();
    match page.leave_sponsorship((&visitor.visit, &once), &form.code).await {
        Ok(_) => {
            app.stack.worker.nudge();
            Ok(html(pages::getting_own_reserves()))
        }
        Err(error) => again(&app, &visitor, Act::Sponsorship, error).await,
    }
}

/// The page again, saying what was wrong.
async fn again(app: &App, visitor: &Visitor, act: Act, error: Error) -> Result<Response, Sorry> {
    app.stack.worker.nudge();
    let view = visitor.view(app).await?;
    let (status, said) = words::refusal(&error, view.exports);
    Ok((status, html(pages::home(&view, Some((act, &said)))?)).into_response())
}
