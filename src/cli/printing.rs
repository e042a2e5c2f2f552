//! Replacements for `println!`, `print!` and `eprintln!`. The standard macros panic on a write error.

/// Prints a line to standard output. A write error makes the whole command fail.
macro_rules! println {
    () => {
        $crate::cli::output::line_or_remember("")
    };
    ($($text:tt)*) => {
        $crate::cli::output::line_or_remember(format_args!($($text)*))
    };
}

/// Prints a text to standard output. A write error makes the whole command fail.
macro_rules! print {
    ($($text:tt)*) => {
        $crate::cli::output::print_or_remember(&format!($($text)*))
    };
}

/// Prints a line to standard error. Write errors are ignored.
macro_rules! eprintln {
    ($($text:tt)*) => {
        $crate::cli::output::note(format_args!($($text)*))
    };
}
