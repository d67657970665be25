//! The explorer: pages of what is there, none of what is not, and nothing that a stranger wrote
//! into the ledger is markup.

use reqwest::{Method, StatusCode};
use serde_json::json;
use stellar_xdr::{ManageDataOp, Memo, OperationBody, String64};

use super::http::Port;
use super::support::{Person, XLM, payment, token};

const MARKUP: &str = "<script>x</script>";
const ESCAPED: &str = "&lt;script&gt;x&lt;/script&gt;";

impl Port {
    /// A page that is there.
    async fn page(&self, path: &str) -> String {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("'none'"));
        response.text().await.unwrap()
    }

    async fn status(&self, path: &str) -> StatusCode {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap().status()
    }
}

#[tokio::test]
async fn pages_show_what_happened() {
    let port = Port::open().await;
    let net = &port.net;
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    net.invoke(&ann, token::deploy()).await;
    let hash = net.pay(&ann, &ben, 5 * XLM).await;
    let called = net.invoke(&ann, token::transfer(net, &ann, &ben, 77)).await;
    let ledger = net.get(&hash).await["ledger"].clone();
    let contract = token::address(net);

    let home = port.page("/explorer").await;
    for shown in ["Standalone Network ; February 2017", "pay 5.0000000 XLM to", &hash[..12]] {
        assert!(home.contains(shown), "{shown}: {home}");
    }
    assert!(home.contains(&format!("/explorer/transactions/{called}")), "{home}");
    let page = port.page(&format!("/explorer/ledgers/{ledger}")).await;
    assert!(page.contains("pay 5.0000000 XLM to") && !page.contains(&called), "{page}");
    let page = port.page(&format!("/explorer/transactions/{hash}")).await;
    for shown in ["succeeded", "0.0000100 XLM", "transfer 5.0000000 XLM from"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(page.contains(&format!("/explorer/accounts/{}", ben.address())), "{page}");
    let page = port.page(&format!("/explorer/accounts/{}", ben.address())).await;
    for shown in ["10005.0000077 XLM", &hash, &called] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let page = port.page(&format!("/explorer/contracts/{contract}")).await;
    for shown in ["the Stellar Asset Contract", "lives until ledger", &called] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(page.contains(&hash), "a payment of the asset is an event of its contract: {page}");
    let page = port.page("/explorer/events").await;
    assert!(page.contains(&contract) && page.contains("transfer 0.0000077 XLM from"), "{page}");
}

#[tokio::test]
async fn a_search_goes_to_the_page_of_what_was_typed() {
    let port = Port::open().await;
    let (ann, ben) = (port.net.person(1).await, port.net.person(2).await);
    let hash = port.net.pay(&ann, &ben, XLM).await;
    for (typed, path) in [
        ("2", "ledgers/2".to_owned()),
        (hash.as_str(), format!("transactions/{hash}")),
        (ann.address().as_str(), format!("accounts/{}", ann.address())),
    ] {
        let query = format!("{}/explorer/search?q=%20{typed}", port.url);
        let response = port.client.get(query).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.url().path(), format!("/explorer/{path}"));
    }
    for nothing in ["?q=", "", "?q=//elsewhere", "?q=../rpc", "?q=-1"] {
        assert_eq!(port.status(&format!("/explorer/search{nothing}")).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_is_not_there_has_no_page_and_nothing_can_be_changed() {
    let port = Port::open().await;
    let nobody = Person::number(9).address();
    for path in [
        "ledgers/99999999",
        "ledgers/0",
        "ledgers/-1",
        "ledgers/one",
        &format!("transactions/{}", "00".repeat(32)),
        "transactions/%3Cscript%3E",
        &format!("accounts/{nobody}"),
        "accounts/GABC",
        &format!("contracts/{}", token::address(&port.net)),
        "nothing",
    ] {
        let path = format!("/explorer/{path}");
        assert_eq!(port.status(&path).await, StatusCode::NOT_FOUND, "{path}");
    }
    let before = port.net.ask("getLatestLedger", json!({})).await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let request = port.client.request(method, format!("{}/explorer", port.url));
        assert_eq!(request.send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(port.net.ask("getLatestLedger", json!({})).await, before);
}

#[tokio::test]
async fn what_strangers_wrote_is_text() {
    let port = Port::open().await;
    let net = &port.net;
    let (ann, ben) = (net.person(1).await, net.person(2).await);
    let mut tx = net.transaction(&ann, payment(&ben, 1)).await;
    tx.memo = Memo::Text(MARKUP.try_into().unwrap());
    let hash = net.succeed(&net.sign(&ann, tx)).await;
    let data = OperationBody::ManageData(ManageDataOp {
        data_name: String64(MARKUP.try_into().unwrap()),
        data_value: Some(MARKUP.as_bytes().to_vec().try_into().unwrap()),
    });
    net.succeed(&net.envelope(&ann, data).await).await;
    for path in [format!("transactions/{hash}"), format!("accounts/{}", ann.address())] {
        let page = port.page(&format!("/explorer/{path}")).await;
        assert!(page.contains(ESCAPED) && !page.contains(MARKUP), "{path}: {page}");
    }
}
