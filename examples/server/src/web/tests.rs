//! A server whose worker is lost.
use std::time::Duration;

use async_trait::async_trait;
use kolo_core::port::channel::{Capabilities, InboundMessage, OutboundMessage};
use kolo_core::port::{MessageChannel, PortError};
use kolo_core::worker::Worker;
use kolo_core::{Caps, Timestamp, conversation};
use kolo_stellar::setup::test_dollars;
use kolo_store::MasterKey;

use super::*;
use crate::config::{CHANNELS, MAX_RENT};

/// How long the server may take to notice.
const PATIENCE: Duration = Duration::from_secs(60);

/// A channel with a bug.
struct Broken;

#[async_trait]
impl MessageChannel for Broken {
    fn name(&self) -> &str {
        crate::chat::CHANNEL
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { buttons: 3, text: 4_096 }
    }

    async fn send(&self, _: &OutboundMessage) -> Result<(), PortError> {
        panic!("the worker is lost");
    }
}

async fn stack(folder: &Path) -> Stack {
    let plan = Plan {
        data: folder.to_owned(),
        database: crate::database::Database::Sqlite(folder.join("kolo.sqlite")),
        keys: KeysPlan::Here(MasterKey::from_bytes([7; 32])),
        key_page: None,
        clock: Arc::new(MovableClock::still(Timestamp::from_unix(1_767_603_600))),
        entropy: Arc::new(SystemEntropy),
        settings: settings(Caps::default(), CHANNELS),
        max_rent: MAX_RENT,
        assets: test_dollars(),
        network: NetworkPlan::Embedded,
    };
    Stack::start(plan, &|_| ()).await.unwrap()
}

fn hello() -> InboundMessage {
    let phone = Phone { name: "Ada".to_owned(), number: "+2348031000001".to_owned() };
    InboundMessage {
        id: "m-1".to_owned(),
        from: phone.contact(),
        name: Some(phone.name.clone()),
        phone: Some(phone.number),
        text: "hi".to_owned(),
        button: None,
    }
}

/// A page without a worker would take messages that nobody answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_loses_its_worker_stops_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = stack(folder.path()).await;
    stack.worker = Worker::new(stack.kolo.clone(), vec![Arc::new(Broken)]);
    let (kolo, worker) = (stack.kolo.clone(), stack.worker.clone());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let shift = Arc::new(ShiftFile(folder.path().join("clock-shift")));
    let logs = LogCounts::default();
    let app = App { stack: Arc::new(stack), shift, over_tls: false, logs, seen: Arc::default() };
    let serving = tokio::spawn(work_and_serve(listener, app, stopped));

    tokio::net::TcpStream::connect(address).await.unwrap();
    assert!(!serving.is_finished(), "it serves until the worker is lost");
    conversation::receive(&kolo, hello()).await.unwrap();
    worker.nudge();

    let served = tokio::time::timeout(PATIENCE, serving).await.expect("it serves on").unwrap();
    let error = served.unwrap_err();
    assert!(matches!(error, ServeError::Worker), "{error}");
    assert_eq!(
        error.to_string(),
        "the worker stopped unexpectedly: start the server again; what was accepted is kept"
    );
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the page is gone");
}
