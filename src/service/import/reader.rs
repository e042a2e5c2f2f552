//! Lines of a file or pipe, each of bounded length.

use std::io::{self, BufRead};

/// Maximum length of a line, in bytes: an `award_logs` object with about 15,000 awards.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Reads lines one after the other.
pub struct Lines<'a> {
    input: &'a mut dyn BufRead,
    buffer: Vec<u8>,
    number: i64,
}

/// Why a line is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("The line is longer than {MAX_LINE_BYTES} bytes. Write one record per line.")]
    TooLong,
    #[error("The line is not UTF-8.")]
    NotUtf8,
}

impl<'a> Lines<'a> {
    pub fn new(input: &'a mut dyn BufRead) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            number: 0,
        }
    }

    /// Returns the next line with its number, starting at 1; `None` at the end. Empty lines are left out.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<(i64, Result<&str, LineError>)>> {
        loop {
            let Some(fits) = self.fill()? else { return Ok(None) };
            self.number += 1;
            if !fits {
                return Ok(Some((self.number, Err(LineError::TooLong))));
            }
            // Windows writes a byte order mark and carriage returns.
            if self.number == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        let line = std::str::from_utf8(&self.buffer).map_err(|_| LineError::NotUtf8);
        Ok(Some((self.number, line.map(str::trim))))
    }

    /// Reads a line into the buffer. Returns false if it is too long, and `None` at the end of the input.
    fn fill(&mut self) -> io::Result<Option<bool>> {
        self.buffer.clear();
        let (mut length, mut is_over) = (0, false);
        while !is_over {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            is_over = end.is_some();
            let used = end.map_or(available.len(), |end| end + 1);
            length += used;
            if length <= MAX_LINE_BYTES {
                self.buffer.extend_from_slice(&available[..used]);
            }
            self.input.consume(used);
        }
        Ok((length > 0).then_some(length <= MAX_LINE_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(i64, Result<String, LineError>)> {
        let mut input = io::BufReader::with_capacity(3, text);
        let mut lines = Lines::new(&mut input);
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            found.push((number, line.map(str::to_owned)));
        }
        found
    }

    #[test]
    fn lines_are_numbered_and_empty_ones_left_out() {
        assert_eq!(
            read(b"\xef\xbb\xbf{1}\r\n\n  \n{2}\n\xff\n{3}"),
            [
                (1, Ok("{1}".to_owned())),
                (4, Ok("{2}".to_owned())),
                (5, Err(LineError::NotUtf8)),
                (6, Ok("{3}".to_owned())),
            ]
        );
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_long_line_is_left_out_and_the_next_one_read() {
        let mut text = vec![b'x'; MAX_LINE_BYTES + 1];
        text.extend_from_slice(b"\n{2}\n");
        assert_eq!(read(&text), [(1, Err(LineError::TooLong)), (2, Ok("{2}".to_owned()))]);
    }
}
