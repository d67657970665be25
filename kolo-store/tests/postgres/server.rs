//! A PostgreSQL server of the tests' own, which ends when the tests do.
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// The folder of the running server's socket.
pub static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// Nobody's user id: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

pub struct Server {
    folder: PathBuf,
    /// Its standard input closes with this process; that ends the server.
    _guard: Child,
}

impl Server {
    fn start() -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().expect("a folder").keep();
        let root = folder.metadata().expect("metadata").uid() == 0;
        if root {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("given away");
        }
        let unprivileged = |program: &str| {
            let mut command = Command::new(program);
            command.current_dir(&folder);
            if root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let initdb = programs.join("initdb");
        let made = unprivileged(initdb.to_str().expect("UTF-8"))
            .args(["-D", "data", "-U", "kolo", "-A", "trust", "-E", "UTF8", "--no-sync"])
            .args(["--locale", "C"])
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // The shell outlives this process for a moment, to clean up behind it.
        let script = "\"$0\" -D data -k \"$PWD\" -c listen_addresses= -c fsync=off \
            -c max_connections=200 >log 2>&1 & server=$!; cat >/dev/null; \
            kill -QUIT $server; wait $server; rm -rf \"$PWD\"";
        let guard = unprivileged("sh")
            .args(["-c", script, programs.join("postgres").to_str().expect("UTF-8")])
            .stdin(Stdio::piped())
            .spawn()
            .expect("the server starts");
        wait_for(&folder);
        Self { folder, _guard: guard }
    }

    /// A URL whose tables live in a schema of this name.
    pub fn url(&self, schema: &str) -> String {
        let folder = self.folder.to_str().expect("UTF-8").replace('/', "%2F");
        let settings =
            format!("application_name=kolo%20{schema}&options=-c%20search_path%3D{schema}");
        format!("postgres://kolo@{folder}/postgres?{settings}")
    }
}

/// Where the server's programs are: `KOLO_POSTGRES_BIN`, or the newest that Debian installed.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("KOLO_POSTGRES_BIN") {
        return folder.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let version = |path: &PathBuf| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .max_by_key(version)
        .map(|path| path.join("bin"))
        .expect("PostgreSQL is installed (apt install postgresql), or KOLO_POSTGRES_BIN names it")
}

fn wait_for(folder: &Path) {
    let start = Instant::now();
    while !ready(folder) {
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(start.elapsed() < Duration::from_secs(60), "no server: {}", log());
        thread::sleep(Duration::from_millis(50));
    }
}

fn ready(folder: &Path) -> bool {
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    log.contains("ready to accept connections")
}
