//! The SQLite store: the ports' suites, and what only a file on a disk can get wrong.
mod audit;
mod cancel;
mod conformance;
mod crash;
mod group;
mod make;
mod opening;
mod support;
mod vault;
