//! What may stand between a program and its server: a line that is cut, and a pooler that lends another
//! server connection to each transaction.
//!
//! Both speak just enough of the protocol
//! (<https://www.postgresql.org/docs/current/protocol-message-formats.html>): messages carry their
//! length; the server ends every answer with `ReadyForQuery` and whether a transaction is open.
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

/// A connection to the server.
trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

fn dial(url: &str) -> io::Result<Box<dyn Line>> {
    let options = PgConnectOptions::from_str(url).map_err(io::Error::other)?;
    let (host, port) = (options.get_host(), options.get_port());
    let folder = host.starts_with('/').then(|| host.into());
    Ok(match options.get_socket().cloned().or(folder) {
        Some(folder) => Box::new(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}")))?),
        None => Box::new(TcpStream::connect((host, port))?),
    })
}

/// The URL through a proxy on this port: same user, database and settings.
fn through(url: &str, port: u16, settings: &str) -> String {
    let options = PgConnectOptions::from_str(url).expect("a URL");
    let (user, database) = (options.get_username(), options.get_database().expect("named"));
    format!("postgres://{user}@127.0.0.1:{port}/{database}?sslmode=disable{settings}")
}

/// A message with its type byte, or the untyped first one.
fn message(from: &mut dyn Read, typed: bool) -> io::Result<Vec<u8>> {
    let mut head = vec![0; if typed { 5 } else { 4 }];
    from.read_exact(&mut head)?;
    let length: [u8; 4] = head[head.len() - 4..].try_into().expect("four bytes");
    let rest = usize::try_from(u32::from_be_bytes(length)).expect("small") - 4;
    let start = head.len();
    head.resize(start + rest, 0);
    from.read_exact(&mut head[start..])?;
    Ok(head)
}

/// The client's first message; requests for encryption are declined.
fn startup(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    loop {
        let first = message(client, false)?;
        match u32::from_be_bytes(first[4..8].try_into().expect("four bytes")) {
            80_877_103 | 80_877_104 => client.write_all(b"N")?,
            _ => return Ok(first),
        }
    }
}

/// Everything up to and with the next `ReadyForQuery`; true when no transaction is open then.
fn answer(server: &mut dyn Line) -> io::Result<(Vec<u8>, bool)> {
    let mut all = Vec::new();
    loop {
        let next = message(server, true)?;
        all.extend_from_slice(&next);
        if next[0] == b'Z' {
            return Ok((all, next[5] == b'I'));
        }
    }
}

/// Whether the client waits for an answer after this message: a simple query, or a synchronisation.
fn asks(message: &[u8]) -> bool {
    matches!(message[0], b'Q' | b'S')
}

fn serve(each: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let each = Arc::new(each);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let each = Arc::clone(&each);
            // An error is the end of a connection: what the client makes of it is what is tested.
            thread::spawn(move || each(client).ok());
        }
    });
    port
}

/// What a line does to the next commit, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It never reaches the server.
    BeforeCommit,
    /// It is done; the client does not learn of it.
    AfterCommit,
    /// It reaches the server when the client has given the line up, this much later.
    Late(Duration),
}

/// A line that counts its round trips, and can be cut at a commit.
pub struct Cutter {
    pub url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    armed: Mutex<Option<Cut>>,
    cuts: AtomicU32,
    trips: AtomicU32,
    arrived: AtomicU32,
    /// Where new connections lead.
    to: Mutex<String>,
    /// Where they lead after the next cut, which cuts all lines then.
    then: Mutex<Option<String>>,
    clients: Mutex<Vec<TcpStream>>,
    /// How the query begins with which a line falls silent.
    hush: Mutex<Option<&'static str>>,
}

impl Shared {
    /// Whether the line falls silent with this message.
    fn hushes(&self, message: &[u8]) -> bool {
        let mut hush = self.hush.lock().expect("unharmed");
        let begins = |query: &str| message[0] == b'Q' && message[5..].starts_with(query.as_bytes());
        let hushes = hush.is_some_and(begins);
        if hushes {
            *hush = None;
        }
        hushes
    }
}

impl Cutter {
    /// In front of the server of `url`; its search path goes along.
    pub fn before(url: &str) -> Self {
        let shared = Shared { to: Mutex::new(url.to_owned()), ..Shared::default() };
        let shared = Arc::new(shared);
        let with = Arc::clone(&shared);
        let port = serve(move |client| cuttable(client, &with));
        let settings = url.split_once('?').map_or_else(String::new, |(_, all)| format!("&{all}"));
        Self { url: through(url, port, &settings), shared }
    }

    /// The next commit loses its line.
    pub fn arm(&self, cut: Cut) {
        *self.shared.armed.lock().expect("unharmed") = Some(cut);
    }

    /// The line that next carries a query which begins so falls silent with it: nothing goes on, and nobody
    /// is told.
    pub fn hush(&self, query: &'static str) {
        *self.shared.hush.lock().expect("unharmed") = Some(query);
    }

    /// Whether one did.
    pub fn is_hushed(&self) -> bool {
        self.shared.hush.lock().expect("unharmed").is_none()
    }

    /// New connections lead to this server.
    pub fn lead_to(&self, url: &str) {
        url.clone_into(&mut self.shared.to.lock().expect("unharmed"));
    }

    /// With the next cut all lines are gone, and new ones lead to this server.
    pub fn then_lead_to(&self, url: &str) {
        *self.shared.then.lock().expect("unharmed") = Some(url.to_owned());
    }

    /// How many lines were cut.
    pub fn cuts(&self) -> u32 {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// How many commits that were late the server has answered.
    pub fn arrived(&self) -> u32 {
        self.shared.arrived.load(Ordering::SeqCst)
    }

    /// How often a client waited for an answer.
    pub fn trips(&self) -> u32 {
        self.shared.trips.load(Ordering::SeqCst)
    }
}

/// The names of the statements that write a group and are a transaction of their own, as far as this
/// line has seen them.
#[derive(Default)]
struct Prepared(Vec<Vec<u8>>);

impl Prepared {
    /// Whether what is done with this message may be durable after it; `idle`: in no transaction.
    fn commits(&mut self, message: &[u8], idle: bool) -> bool {
        let mut texts = message[5..].split(|byte| *byte == 0).map(<[u8]>::to_vec);
        let (first, second) = (texts.next(), texts.next());
        match (message[0], first, second) {
            (b'Q', Some(sql), _) => sql == b"COMMIT",
            (b'P', Some(name), Some(sql)) => {
                if String::from_utf8_lossy(&sql).contains("kolo_turn AS (UPDATE") {
                    self.0.push(name);
                }
                false
            }
            (b'B', _, Some(name)) => idle && self.0.contains(&name),
            _ => false,
        }
    }
}

fn cuttable(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let to = shared.to.lock().expect("unharmed").clone();
    let mut server = dial(&to)?;
    shared.clients.lock().expect("unharmed").push(client.try_clone()?);
    server.write_all(&startup(&mut client)?)?;
    client.write_all(&answer(server.as_mut())?.0)?;
    let mut prepared = Prepared::default();
    let (mut waiting, mut commits, mut idle) = (Vec::new(), false, true);
    loop {
        let next = message(&mut client, true)?;
        if shared.hushes(&next) {
            // Whatever else comes is lost too.
            io::copy(&mut client, &mut io::sink())?;
            return Ok(());
        }
        commits |= prepared.commits(&next, idle);
        waiting.extend_from_slice(&next);
        if !asks(&next) {
            continue;
        }
        shared.trips.fetch_add(1, Ordering::SeqCst);
        let cut = commits.then(|| shared.armed.lock().expect("unharmed").take()).flatten();
        if let Some(cut) = cut {
            shared.cuts.fetch_add(1, Ordering::SeqCst);
            match cut {
                Cut::BeforeCommit => {}
                Cut::AfterCommit => {
                    server.write_all(&waiting)?;
                    answer(server.as_mut())?;
                }
                Cut::Late(after) => {
                    client.shutdown(std::net::Shutdown::Both)?;
                    thread::sleep(after);
                    server.write_all(&waiting)?;
                    answer(server.as_mut())?;
                    shared.arrived.fetch_add(1, Ordering::SeqCst);
                }
            }
            if let Some(url) = shared.then.lock().expect("unharmed").take() {
                *shared.to.lock().expect("unharmed") = url;
                for line in shared.clients.lock().expect("unharmed").drain(..) {
                    line.shutdown(std::net::Shutdown::Both).ok();
                }
            }
            // What is kept of it elsewhere does not keep it open.
            client.shutdown(std::net::Shutdown::Both).ok();
            return Ok(());
        }
        server.write_all(&waiting)?;
        (waiting, commits) = (Vec::new(), false);
        let (said, now_idle) = answer(server.as_mut())?;
        idle = now_idle;
        client.write_all(&said)?;
    }
}

/// Server connections in a row: each transaction gets the one that rested longest.
struct Lent {
    free: Mutex<VecDeque<Box<dyn Line>>>,
    returned: Condvar,
}

/// A pooler in transaction mode, as PgBouncer has one by default: settings of a session and prepared
/// statements do not survive a transaction, and the client's start-up settings reach no server.
pub struct Pooler {
    pub url: String,
    lent: Arc<Lent>,
}

impl Pooler {
    /// In front of the server of `url`, with so many connections to it.
    pub fn before(url: &str, connections: u32) -> Self {
        let options = PgConnectOptions::from_str(url).expect("a URL");
        let database = options.get_database().expect("named");
        let body = format!("user\0{}\0database\0{database}\0\0", options.get_username());
        let length = u32::try_from(body.len() + 8).expect("small");
        let mut hello = length.to_be_bytes().to_vec();
        hello.extend_from_slice(&196_608_u32.to_be_bytes());
        hello.extend_from_slice(body.as_bytes());
        let (mut free, mut greeting) = (VecDeque::new(), Vec::new());
        for _ in 0..connections {
            let mut line = dial(url).expect("the server is there");
            line.write_all(&hello).expect("sent");
            greeting = answer(line.as_mut()).expect("let in without a password").0;
            free.push_back(line);
        }
        let lent = Arc::new(Lent { free: Mutex::new(free), returned: Condvar::new() });
        let pool = Arc::clone(&lent);
        let port = serve(move |client| pooled(client, &greeting, &pool));
        Self { url: through(url, port, ""), lent }
    }

    /// Connections that nobody has.
    pub fn free(&self) -> usize {
        self.lent.free.lock().expect("unharmed").len()
    }
}

/// What a pooler lets a client say at start; it refuses what else it is not told to ignore.
const KNOWN: [&str; 7] = [
    "user",
    "database",
    "client_encoding",
    "DateStyle",
    "TimeZone",
    "standard_conforming_strings",
    "application_name",
];

/// The first setting of a client's first message that a pooler does not know.
fn unknown_setting(first: &[u8]) -> Option<String> {
    let mut names = first[8..].split(|byte| *byte == 0).step_by(2).map(String::from_utf8_lossy);
    let name = names.find(|name| !name.is_empty() && !KNOWN.contains(&name.as_ref()))?;
    Some(name.into_owned())
}

fn pooled(mut client: TcpStream, greeting: &[u8], lent: &Lent) -> io::Result<()> {
    let first = startup(&mut client)?;
    if let Some(name) = unknown_setting(&first) {
        let said = format!("SFATAL\0C08P01\0Munsupported startup parameter: {name}\0\0");
        let length = u32::try_from(said.len() + 4).expect("small").to_be_bytes();
        return client.write_all(&[b"E", &length[..], said.as_bytes()].concat());
    }
    client.write_all(greeting)?;
    let mut held: Option<Box<dyn Line>> = None;
    let mut waiting = Vec::new();
    loop {
        let next = message(&mut client, true);
        let Ok(next) = next.and_then(|next| if next[0] == b'X' { Err(gone()) } else { Ok(next) })
        else {
            // Whoever leaves in the middle of a transaction has it rolled back.
            if let Some(mut line) = held.take() {
                line.write_all(b"Q\0\0\0\x0dROLLBACK\0")?;
                answer(line.as_mut())?;
                give_back(lent, line);
            }
            return Ok(());
        };
        let ask = asks(&next);
        waiting.extend_from_slice(&next);
        if ask {
            let mut line = held.take().unwrap_or_else(|| borrow(lent));
            line.write_all(&waiting)?;
            waiting.clear();
            let (said, idle) = answer(line.as_mut())?;
            if idle {
                give_back(lent, line);
            } else {
                held = Some(line);
            }
            client.write_all(&said)?;
        }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

fn borrow(lent: &Lent) -> Box<dyn Line> {
    let mut free = lent.free.lock().expect("unharmed");
    loop {
        match free.pop_front() {
            Some(line) => return line,
            None => free = lent.returned.wait(free).expect("unharmed"),
        }
    }
}

fn give_back(lent: &Lent, line: Box<dyn Line>) {
    lent.free.lock().expect("unharmed").push_back(line);
    lent.returned.notify_one();
}
