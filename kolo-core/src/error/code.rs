//! Codes of errors: how they are declared, and what is written about them in `docs/errors.md`.
use crate::port::Retry;

/// What is known about an error's code. Codes never change meaning and are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The code: `area.what`, in lower case.
    pub code: &'static str,
    /// What happened.
    pub happened: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// Whether the same call makes sense again; `None` when each error says so itself.
    pub retry: Option<Retry>,
}

/// Gives every variant of an error a code, with what `docs/errors.md` says about it: `CODES` and `code()`.
///
/// ```
/// # use kolo_core::error_codes;
/// pub enum PumpError {
///     Dry,
///     Pipe(PipeError),
/// }
/// pub struct PipeError;
/// error_codes! {
///     PumpError {
///         Dry = "pump.dry" Temporary: "the well is dry", "wait for rain";
///     } within {
///         Pipe = PipeError::code;
///     }
/// }
/// error_codes! { struct PipeError = "pump.pipe" Permanent: "the pipe is broken", "mend it"; }
/// assert_eq!(PumpError::Pipe(PipeError).code(), "pump.pipe");
/// assert_eq!(PumpError::CODES[0].code, PumpError::Dry.code());
/// ```
///
/// A variant without a row does not compile. `within` names those that pass another error on, and who
/// knows that one's code.
#[macro_export]
macro_rules! error_codes {
    (
        $name:ident {
            $($variant:ident = $code:literal $($retry:ident)?: $happened:literal, $advice:literal;)*
        } $(within { $($outer:ident = $inner:expr;)* })?
    ) => {
        impl $name {
            /// The codes of this error, without those it passes on.
            pub const CODES: &'static [$crate::ErrorCode] =
                &[$($crate::error_codes!(@row $code $($retry)?, $happened, $advice)),*];

            /// The error's code: stable, documented, never reused.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)*
                    $($(Self::$outer(inner) => ($inner)(inner),)*)?
                }
            }
        }
    };
    (struct $name:ident = $code:literal $($retry:ident)?: $happened:literal, $advice:literal;) => {
        impl $name {
            /// The code of this error.
            pub const CODES: &'static [$crate::ErrorCode] =
                &[$crate::error_codes!(@row $code $($retry)?, $happened, $advice)];

            /// The error's code: stable, documented, never reused.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                $code
            }
        }
    };
    (@row $code:literal $($retry:ident)?, $happened:literal, $advice:literal) => {
        $crate::ErrorCode {
            code: $code,
            happened: $happened,
            advice: $advice,
            retry: $crate::error_codes!(@retry $($retry)?),
        }
    };
    (@retry) => { ::core::option::Option::None };
    (@retry $retry:ident) => { ::core::option::Option::Some($crate::port::Retry::$retry) };
}
