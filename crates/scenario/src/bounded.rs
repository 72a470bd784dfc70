//! Files that people name, read up to a length: whoever names the wrong one, or one without an end, is told so.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// So many bytes has a scenario at most. The largest that is shipped has a thousandth of it.
pub(crate) const SCENARIO: u64 = 16 << 20;

/// So many bytes has a replay at most: some ten million rows.
pub(crate) const REPLAY: u64 = 512 << 20;

/// All that is in the file, if it is no more than `limit` bytes.
pub(crate) fn read(file: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(file)?.take(limit + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {} MiB", limit >> 20),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_refused_and_one_of_the_length_is_read() {
        let error = read(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 1 MiB");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 16]).unwrap();
        assert_eq!(read(file.path(), 16).unwrap(), [7; 16]);
        assert!(read(file.path(), 15).is_err());
    }
}
