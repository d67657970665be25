//! The official JavaScript SDK, unmodified, against the embedded network.
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::run::{Failure, cargo, program, root, run, target_dir};
use crate::setup;

/// Installs the SDK by its lock file, starts a network and plays the story on it.
pub fn story() -> Result<(), Failure> {
    setup::node()?;
    let folder = root().join("kolo-stellar/localnet/tests/js");
    let mut install = Command::new("npm");
    run(install.current_dir(&folder).args([
        "ci",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]))?;
    // As the tests build it, so that nothing is built anew after them.
    let all = ["--locked", "--workspace", "--all-features"];
    run(cargo().args(["test", "--quiet", "--no-run", "--test", "rpc"]).args(all))?;
    let network = Network::start(&target_dir().join("debug").join(program("kolo-localnet")))?;
    run(Command::new("node").current_dir(&folder).arg("story.mjs").arg(&network.url))
}

/// A network on a port of its own, which ends with this.
struct Network {
    child: Child,
    url: String,
}

impl Network {
    fn start(program: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command.args(["--port", "0"]).stdout(Stdio::piped());
        let child = command
            .spawn()
            .map_err(|source| Failure::Start { program: program.display().to_string(), source })?;
        let mut network = Self { child, url: String::new() };
        let lines =
            network.child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines());
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Stellar RPC").map(|url| url.trim().to_owned()));
        network.url = url.ok_or_else(|| {
            Failure::Wrong("kolo-localnet ended before it said where it listens".to_owned())
        })?;
        Ok(network)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
