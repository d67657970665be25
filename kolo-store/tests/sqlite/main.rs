//! The SQLite store: the ports' suites, and what only a file on a disk can get wrong.
mod conformance;
mod support;
