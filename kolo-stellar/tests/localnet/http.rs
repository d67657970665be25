//! The same over a port, and what a bad node can do.
use std::time::Duration;

use kolo_core::port::{ChainClient, PortErrorKind, Retry};
use kolo_stellar::{HttpTransport, Rpc, RpcError, StellarChainClient, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::world::*;

#[tokio::test]
async fn the_client_speaks_http() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(kolo_localnet::rpc::serve(listener, world.net.clone(), async {
        let _ = stopped.await;
    }));
    let rpc = Rpc::new(HttpTransport::try_new(&url).unwrap());
    let config = world.deployment.config();
    let client = StellarChainClient::connect(rpc, &config).await.unwrap();
    assert_eq!(client.latest().await.unwrap(), world.client.latest().await.unwrap());
    let over_http = World { client, ..world };
    over_http.open(1, usdc(3)).await;
    assert_eq!(over_http.balance(1).await, usdc(3));
    assert_eq!(over_http.history(10).await.len(), 1);
    drop(stop);
    served.await.unwrap().unwrap();
}

/// The same, where the surroundings name a proxy that is not there.
#[test]
fn a_node_nearby_is_asked_without_a_proxy() {
    let nobody = "http://127.0.0.1:1";
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "http::the_client_speaks_http"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, nobody)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

/// Answers every connection with `answer` after having read something, and keeps it open.
async fn stranger(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret-key", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = vec![];
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(&answer).await;
            open.push(socket);
        }
    });
    url
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

async fn trouble(url: &str) -> RpcError {
    let short = Duration::from_millis(300);
    let transport = HttpTransport::with_limits(url, short, 1000).unwrap();
    Rpc::new(transport).network().await.unwrap_err()
}

#[tokio::test]
async fn bad_nodes_are_told_apart() {
    let silent = trouble(&stranger(vec![]).await).await;
    assert!(matches!(silent, RpcError::Transport(TransportError::Timeout)), "{silent}");
    let large = trouble(&stranger(answer("200 OK", &"x".repeat(1001))).await).await;
    assert!(
        matches!(large, RpcError::Transport(TransportError::TooLarge { limit: 1000 })),
        "{large}"
    );
    let text = trouble(&stranger(answer("200 OK", "hello")).await).await;
    assert!(matches!(text, RpcError::Transport(TransportError::NotJson(_))), "{text}");
    let busy = trouble(&stranger(answer("429 Too Many Requests", "")).await).await;
    assert!(matches!(busy, RpcError::Transport(TransportError::RateLimited)), "{busy}");
    let broken = trouble(&stranger(answer("502 Bad Gateway", "")).await).await;
    assert!(matches!(broken, RpcError::Transport(TransportError::Status(502))), "{broken}");
    let elsewhere = answer("302 Found\r\nlocation: http://127.0.0.1:1/", "");
    let moved = trouble(&stranger(elsewhere).await).await;
    assert!(matches!(moved, RpcError::Transport(TransportError::Status(302))), "{moved}");
    let odd = trouble(&stranger(answer("200 OK", "{\"result\":{\"pass\":1}}")).await).await;
    assert!(matches!(odd, RpcError::Malformed { .. }), "{odd}");
    for error in [silent, large, text, busy, broken, moved, odd] {
        assert!(!error.to_string().contains("secret-key"), "{error}");
    }

    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = trouble(&format!("http://{port}/secret-key")).await;
    assert!(!nobody.to_string().contains("secret-key"), "{nobody}");
    let nobody: kolo_core::port::PortError = nobody.into();
    assert_eq!((nobody.kind, nobody.retry), (PortErrorKind::Unavailable, Retry::Temporary));
    for url in ["ftp://example.org", "nothing", ""] {
        assert!(HttpTransport::try_new(url).is_err(), "{url}");
    }
}

#[test]
fn what_is_printed_of_a_node_holds_no_key() {
    let url = "https://somebody:secret-word@rpc.example.org:8443/v1/secret-key?token=secret-token";
    let printed = format!("{:?}", HttpTransport::try_new(url).unwrap());
    assert!(printed.contains("https://rpc.example.org:8443"), "{printed}");
    assert!(!printed.contains("secret"), "{printed}");
}
