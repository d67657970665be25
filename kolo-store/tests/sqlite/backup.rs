//! A backup that is taken while commits go on.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kolo_core::port::Ledger;
use kolo_store::SqliteLedger;

use crate::make::{step, tenant};
use crate::support::{Place, RUNTIME, raw};

/// More than are ever committed here.
const ALL: usize = 1_000_000;

#[test]
fn a_backup_taken_meanwhile_is_whole_and_can_be_gone_on_with() {
    let place = Place::new();
    let file = place.folder().join("backup.db").display().to_string();
    RUNTIME.block_on(async {
        let store = Arc::new(place.open().await);
        let is_kept = Arc::new(AtomicBool::new(false));
        let (writer, told) = (Arc::clone(&store), Arc::clone(&is_kept));
        let writing = tokio::spawn(async move {
            let mut version = 0;
            while version < 20 || !told.load(Ordering::SeqCst) {
                writer
                    .commit(step(&format!("step {version}"), "ada", version))
                    .await
                    .expect("committed");
                version += 1;
            }
            // Certainly after it.
            writer.commit(step("last", "ada", version)).await.expect("committed");
        });
        while store.events_after(&tenant(), 0, 1).await.expect("readable").is_empty() {
            tokio::task::yield_now().await;
        }
        raw(&place.file(), &format!("VACUUM INTO '{file}'")).await;
        is_kept.store(true, Ordering::SeqCst);
        writing.await.expect("no panic");

        let copy = SqliteLedger::connect(&file).await.expect("the backup opens");
        assert_eq!(copy.check().await.expect("readable").findings, []);
        let kept = copy.events_after(&tenant(), 0, ALL).await.expect("readable");
        let all = store.events_after(&tenant(), 0, ALL).await.expect("readable");
        assert!((1..all.len()).contains(&kept.len()), "{} of {}", kept.len(), all.len());
        assert_eq!(kept, all[..kept.len()], "the record up to one moment");
        let next = u64::try_from(kept.len()).expect("few");
        copy.commit(step("instead", "ada", next)).await.expect("it goes on");
        assert_eq!(copy.check().await.expect("readable").findings, []);
    });
}
