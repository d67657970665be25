//! A PostgreSQL server of one's own, which ends when the process does: the tests' and the bench's.
//!
//! Everything it writes is really on the disk before it answers, as in earnest. `KOLO_TEST_DATABASE_URL`
//! names another server to test on; what must be killed is always a server of one's own.
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Nobody's user id: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

/// The port names the socket's file; nothing listens on a network.
const OPTIONS: &str = "-c listen_addresses= -c max_connections=400";

/// What a server is made and driven with.
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// See the module.
pub struct Server {
    folder: PathBuf,
    programs: PathBuf,
    /// Its standard input closes with this process; that ends the server.
    _guard: Child,
}

impl Server {
    /// Makes one in a new temporary folder and waits until it answers.
    ///
    /// # Errors
    /// When its programs are not there or it does not start; the text says why.
    pub fn start() -> io::Result<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir()?.keep();
        if is_root(&folder)? {
            chown(&folder, Some(NOBODY), Some(NOBODY))?;
        }
        let stop =
            "cat >/dev/null; \"$0\" -D data -m immediate stop >/dev/null 2>&1; rm -rf \"$PWD\"";
        let mut guard = unprivileged("sh", &folder)?;
        guard.args(["-c", stop]).arg(programs.join("pg_ctl")).stdin(Stdio::piped());
        // The shell outlives this process for a moment, to clean up behind it.
        let server = Self { _guard: guard.process_group(0).spawn()?, folder, programs };
        let make = ["-D", "data", "-U", "kolo", "-A", "trust", "-E", "UTF8", "--no-sync"];
        server.run("initdb", &[&make[..], &["--locale", "C"]].concat())?;
        server.go_on()?;
        Ok(server)
    }

    /// Starts it again after [`Server::crash`].
    ///
    /// # Errors
    /// When it does not start; the text has its log.
    pub fn go_on(&self) -> io::Result<()> {
        let folder = self.folder.to_string_lossy();
        let options = format!("{OPTIONS} -k {folder}");
        self.run("pg_ctl", &["-D", "data", "-l", "log", "-w", "-o", &options, "start"])
            .map_err(|error| io::Error::other(format!("{error}\n{}", self.log())))
    }

    /// Stops it as a power cut would: nothing is written any more, the next start recovers.
    ///
    /// # Errors
    /// When it does not stop.
    #[allow(dead_code, reason = "the bench crashes nothing")]
    pub fn crash(&self) -> io::Result<()> {
        self.run("pg_ctl", &["-D", "data", "-w", "-m", "immediate", "stop"])
    }

    /// A URL whose tables live in a schema of this name.
    pub fn url(&self, schema: &str) -> String {
        url_through(&self.folder.to_string_lossy(), schema)
    }

    /// The folder of its socket.
    #[allow(dead_code, reason = "not everybody talks to it by other means")]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// One of the programs that came with the server.
    #[allow(dead_code, reason = "the tests need no other program")]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<()> {
        let mut command = unprivileged(self.programs.join(program), &self.folder)?;
        // Into a file: the server keeps what it inherits open.
        let said = self.folder.join(format!("{program}.out"));
        let out = std::fs::File::create(&said)?;
        command.args(arguments).stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        if command.status()?.success() {
            return Ok(());
        }
        let said = std::fs::read_to_string(said)?;
        Err(io::Error::other(format!("{program} {}: {said}", arguments.join(" "))))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// A URL through the socket in that folder.
pub fn url_through(folder: &str, schema: &str) -> String {
    let folder = folder.replace('/', "%2F");
    format!("postgres://kolo@{folder}/postgres?{}", settings(schema))
}

/// What a URL says of a schema; the application's name tells whose connections are whose.
pub fn settings(schema: &str) -> String {
    format!("application_name=kolo%20{schema}&options=-c%20search_path%3D{schema}")
}

fn unprivileged(
    program: impl AsRef<std::ffi::OsStr>,
    folder: &std::path::Path,
) -> io::Result<Command> {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if folder.metadata()?.uid() == NOBODY {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ok(command)
}

/// Whether this process is root's: then so is what it makes.
fn is_root(made: &std::path::Path) -> io::Result<bool> {
    Ok(made.metadata()?.uid() == 0)
}

/// Where the server's programs are: in `KOLO_POSTGRES_BIN`, else beside an `initdb` on the path, else
/// the newest that Debian installed.
fn programs() -> io::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("KOLO_POSTGRES_BIN") {
        return Ok(folder.into());
    }
    // A link on the path leads to where all of them are.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home =
        |folder: PathBuf| Some(folder.join("initdb").canonicalize().ok()?.parent()?.to_owned());
    let complete = |folder: &PathBuf| NEEDED.iter().all(|program| folder.join(program).exists());
    if let Some(folder) = std::env::split_paths(&path).filter_map(home).find(complete) {
        return Ok(folder);
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let version = |path: &PathBuf| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .max_by_key(version)
        .map(|path| path.join("bin"))
        .ok_or_else(|| {
            let advice = "no PostgreSQL server found: `cargo xtask test` installs it where it may \
                          (apt-get install postgresql), or KOLO_POSTGRES_BIN names the folder of initdb";
            io::Error::new(io::ErrorKind::NotFound, advice)
        })
}
