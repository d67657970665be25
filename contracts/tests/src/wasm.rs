/// The circle as it is committed, and as every network runs it.
pub const CIRCLE_WASM: &[u8] = include_bytes!("../../../kolo-stellar/wasm/circle.wasm");

/// The rulebook as it is committed.
pub const RULEBOOK_WASM: &[u8] = include_bytes!("../../../kolo-stellar/wasm/rulebook.wasm");

/// The factory as it is committed.
pub const FACTORY_WASM: &[u8] = include_bytes!("../../../kolo-stellar/wasm/factory.wasm");
