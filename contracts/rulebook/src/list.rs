//! Lists as bytes: entries of one size, one after the other. Changed here and not by the host: its maps and
//! vectors would be imported, and every import is paid for in every call.
use alloc::vec::Vec;

/// The entry of `size` bytes that begins with `key`, and its number.
#[inline(never)]
pub fn find<'a>(list: &'a [u8], size: usize, key: &[u8]) -> Option<(usize, &'a [u8])> {
    // Most differ in the last byte: a comparison of all of them is dearer.
    let (last, rest) = key.split_last()?;
    let begins = |entry: &[u8]| entry.get(rest.len()) == Some(last) && entry.starts_with(rest);
    list.chunks_exact(size).enumerate().find(|(_, entry)| begins(entry))
}

/// The list without those entries.
#[inline(never)]
pub fn without(list: &[u8], size: usize, gone: &dyn Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut kept = Vec::with_capacity(list.len() + size);
    for entry in list.chunks_exact(size).filter(|entry| !gone(entry)) {
        append(&mut kept, entry);
    }
    kept
}

/// One more entry, or a part of one.
#[inline(never)]
pub fn append(list: &mut Vec<u8>, bytes: &[u8]) {
    list.extend_from_slice(bytes);
}
