//! Lines for people. One that cannot be written, for a reader that has gone away or a disk that is full, stops nothing: what is being
//! done matters more than the words about it, and a publish must not be cut off by them.

/// Prints a line on standard output.
macro_rules! outln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(anstream::stdout().lock(), $($text)*);
    }};
}

/// Prints on standard output what is no whole line.
macro_rules! out {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(anstream::stdout().lock(), $($text)*);
    }};
}

/// Prints a line on standard error.
macro_rules! errln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(anstream::stderr().lock(), $($text)*);
    }};
}
