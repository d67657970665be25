//! kolo-core
