//! Entries as the host takes them: in bytes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use stellar_xdr::{LedgerEntryData, LedgerKey, Limits as XdrLimits, ScVal, WriteXdr};

use crate::model::StoredEntry;

/// Entries kept written at most; beyond, all are forgotten and written anew when they are used.
const MOST: usize = 256;

/// XDR, shared.
pub(super) type Xdr = Rc<[u8]>;

/// An entry and its bytes.
type Kept = (Arc<StoredEntry>, Xdr);

/// The bytes of code and of contracts' instances: nearly every invocation reads some, and few change
/// one.
#[derive(Default)]
pub(super) struct Written {
    kept: RefCell<BTreeMap<LedgerKey, Kept>>,
}

impl Written {
    /// The entry's XDR.
    pub(super) fn xdr(
        &self,
        key: &LedgerKey,
        stored: &Arc<StoredEntry>,
    ) -> Result<Xdr, stellar_xdr::Error> {
        let mut kept = self.kept.borrow_mut();
        if let Some((known, bytes)) = kept.get(key)
            && Arc::ptr_eq(known, stored)
        {
            return Ok(Rc::clone(bytes));
        }
        let bytes: Xdr = stored.entry.to_xdr(XdrLimits::none())?.into();
        if is_read_often(&stored.entry.data) {
            if kept.len() >= MOST {
                kept.clear();
            }
            kept.insert(key.clone(), (Arc::clone(stored), Rc::clone(&bytes)));
        }
        Ok(bytes)
    }
}

fn is_read_often(data: &LedgerEntryData) -> bool {
    match data {
        LedgerEntryData::ContractCode(_) => true,
        LedgerEntryData::ContractData(data) => data.key == ScVal::LedgerKeyContractInstance,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use stellar_xdr::{
        ContractCodeEntry, ContractCodeEntryExt, Hash, LedgerEntry, LedgerEntryExt, ReadXdr,
    };

    use super::*;

    /// Code of one byte.
    fn code(number: usize, byte: u8) -> (LedgerKey, Arc<StoredEntry>) {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let entry = LedgerEntry {
            last_modified_ledger_seq: 1,
            data: LedgerEntryData::ContractCode(ContractCodeEntry {
                ext: ContractCodeEntryExt::V0,
                hash: Hash(hash),
                code: vec![byte].try_into().unwrap(),
            }),
            ext: LedgerEntryExt::V0,
        };
        (entry.to_key(), Arc::new(StoredEntry { entry, live_until: Some(7) }))
    }

    #[test]
    fn what_changed_is_written_anew() {
        let written = Written::default();
        let (key, before) = code(1, 1);
        let (_, after) = code(1, 2);
        for stored in [&before, &before, &after, &before] {
            let bytes = written.xdr(&key, stored).unwrap();
            assert_eq!(LedgerEntry::from_xdr(bytes, XdrLimits::none()).unwrap(), stored.entry);
        }
    }

    #[test]
    fn what_did_not_change_is_written_once() {
        let written = Written::default();
        let (key, stored) = code(1, 1);
        let first = written.xdr(&key, &stored).unwrap();
        assert!(Rc::ptr_eq(&first, &written.xdr(&key, &stored).unwrap()));
    }

    #[test]
    fn no_more_than_so_many_are_kept() {
        let written = Written::default();
        for number in 0..=2 * MOST {
            let (key, stored) = code(number, 1);
            written.xdr(&key, &stored).unwrap();
            assert!(written.kept.borrow().len() <= MOST);
        }
    }
}
