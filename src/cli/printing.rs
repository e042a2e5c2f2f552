//! `println!`, `print!` and `eprintln!` of this folder, in place of the standard ones, which panic when they cannot write.

/// Prints a line to standard output. One that cannot be written becomes the error of the whole command.
macro_rules! println {
    () => {
        $crate::cli::output::line_or_remember("")
    };
    ($($text:tt)*) => {
        $crate::cli::output::line_or_remember(format_args!($($text)*))
    };
}

/// Prints a text to standard output. One that cannot be written becomes the error of the whole command.
macro_rules! print {
    ($($text:tt)*) => {
        $crate::cli::output::print_or_remember(&format!($($text)*))
    };
}

/// Prints a line to standard error. One that cannot be written is ignored.
macro_rules! eprintln {
    ($($text:tt)*) => {
        $crate::cli::output::note(format_args!($($text)*))
    };
}
