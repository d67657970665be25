//! kolo-stellar
