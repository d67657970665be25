//! `verify-receipt`: checks a receipt's file with nothing but the file and the operator's public key.
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use kolo_core::port::vault::PublicKey;
use kolo_core::receipt::{ReceiptError, SignedReceipt};

/// Most that is read of a file, bytes: far more than a receipt has.
const FILE_MAX: u64 = 1024 * 1024;

/// Why a file was not found to be genuine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The file.
    #[error("{path}: {source}: give the receipt's file, or - for standard input")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The key.
    #[error("the key must be 64 hexadecimal digits, as the operator publishes it")]
    Key,
    /// The receipt.
    #[error("NOT genuine: {0}")]
    Receipt(#[from] ReceiptError),
}

/// Checks a file (standard input when there is none) and says what it found.
#[must_use]
pub fn run(file: Option<&Path>, key: Option<&str>) -> ExitCode {
    match read(file).and_then(|text| check(&text, key)) {
        Ok(receipt) => {
            print(&receipt, key.is_some());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The receipt of a text, if it is genuine: under `key` (hexadecimal), or under the key it names
/// itself, which then remains to be compared with the operator's.
///
/// # Errors
/// [`CheckError`].
pub fn check(text: &str, key: Option<&str>) -> Result<SignedReceipt, CheckError> {
    let receipt = SignedReceipt::from_text(text)?;
    let operator = key.map_or(Ok(receipt.key), public_key)?;
    receipt.verify(&operator)?;
    Ok(receipt)
}

fn public_key(text: &str) -> Result<PublicKey, CheckError> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map_err(|_| CheckError::Key)?;
    bytes.try_into().map(PublicKey).map_err(|_| CheckError::Key)
}

fn read(file: Option<&Path>) -> Result<String, CheckError> {
    let path = file.filter(|path| *path != Path::new("-"));
    let read = || -> std::io::Result<String> {
        let source: Box<dyn Read> = match path {
            Some(path) => Box::new(std::fs::File::open(path)?),
            None => Box::new(std::io::stdin()),
        };
        let mut text = String::new();
        source.take(FILE_MAX).read_to_string(&mut text)?;
        Ok(text)
    };
    let name = path.unwrap_or(Path::new("standard input")).to_owned();
    read().map_err(|source| CheckError::File { path: name, source })
}

fn print(receipt: &SignedReceipt, pinned: bool) {
    let said = &receipt.receipt;
    println!("{receipt}");
    println!("at       {}", when(said.at.unix()));
    println!("contract {}", said.contract);
    println!("tx       {}", said.tx);
    println!("signed   {}", HEXLOWER.encode(&receipt.key.0));
    if pinned {
        println!("Genuine: the operator with that key has signed exactly this.");
    } else {
        println!("Whole: nothing was changed since it was signed with that key.");
        println!("Compare it with the key the operator publishes, or give that as --key.");
    }
}

fn when(unix: u64) -> String {
    let seconds = i64::try_from(unix).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| unix.to_string(), |at| at.to_string())
}
