//! kolo-store
