//! How long until the network answers.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kolo_localnet::Localnet;

use crate::failure::Failure;

/// How often each is measured.
const TIMES: usize = 9;

/// From nothing to the first answer.
pub struct Ready {
    pub library: Duration,
    pub program: Duration,
}

impl Ready {
    /// The middle one of several measurements each.
    pub fn measure(program: &Path) -> Result<Self, Failure> {
        Ok(Self { library: middle(library)?, program: middle(|| in_program(program))? })
    }
}

fn middle(measure: impl Fn() -> Result<Duration, Failure>) -> Result<Duration, Failure> {
    let mut times = (0..TIMES).map(|_| measure()).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times.get(TIMES / 2).copied().unwrap_or_default())
}

fn library() -> Result<Duration, Failure> {
    let began = Instant::now();
    let localnet = Localnet::builder().start()?;
    let latest = localnet.latest().wait()?;
    let took = began.elapsed();
    localnet.stop().wait()?;
    if latest.sequence() == 0 { Err(Failure::step("starting", latest)) } else { Ok(took) }
}

/// From starting the program to the answer to `getHealth`.
fn in_program(program: &Path) -> Result<Duration, Failure> {
    let refused = |source| Failure::File { path: program.to_owned(), source };
    let began = Instant::now();
    let child = Command::new(program)
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(refused)?;
    let mut child = Ended(child);
    let stdout = child.0.stdout.take().ok_or_else(|| Failure::step("starting", "no output"))?;
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let mut addresses = lines.filter_map(|line| {
        line.strip_prefix("Stellar RPC")
            .and_then(|line| line.trim().strip_prefix("http://"))
            .map(str::to_owned)
    });
    let address =
        addresses.next().ok_or_else(|| Failure::step("starting", "it gave no address"))?;
    let answer = ask(&address).map_err(refused)?;
    let took = began.elapsed();
    if answer.contains("healthy") { Ok(took) } else { Err(Failure::step("getHealth", answer)) }
}

fn ask(address: &str) -> std::io::Result<String> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"getHealth"}"#;
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A program that ends with its measurement.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Whether it could be ended changes nothing about what was measured.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
