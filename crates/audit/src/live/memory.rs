//! The memory of a process, as the operating system shows it.

use super::LiveError;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

/// How much is read at a time.
const PIECE: usize = 4 << 20;

/// In `/proc/PID/pagemap` a page has eight bytes, and these two bits say that it is in memory, or was and is swapped out
/// (the kernel's documentation, admin-guide/mm/pagemap).
const HOLDS: u64 = 1 << 63 | 1 << 62;

/// A piece of a process's address space.
struct Region {
    start: u64,
    end: u64,
    /// Nobody else can have written into it.
    private: bool,
    name: String,
}

/// Shows `look` everything that the process could have written: heap, stacks, what it maps for itself or shares. Left
/// out is what is mapped from a file and can't be written: that is the file; and pages that were asked for and never
/// touched, of which an allocator has gigabytes: there is no memory behind them. Gives the number of bytes.
///
/// # Errors
/// The process can't be looked into: it ended, or the system forbids it. Then nothing is known.
pub(super) fn read(
    party: &'static str,
    pid: u32,
    mut look: impl FnMut(&str, &[u8]),
) -> Result<u64, LiveError> {
    let failed = |source| LiveError::Memory { party, source };
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).map_err(failed)?;
    let memory = File::open(format!("/proc/{pid}/mem")).map_err(failed)?;
    let pages = File::open(format!("/proc/{pid}/pagemap")).map_err(failed)?;
    let mut total = 0;
    let mut buffer = vec![0; PIECE];
    for region in maps.lines().filter_map(Region::parse) {
        for Range { start: mut at, end } in region.touched(&pages).map_err(failed)? {
            while at < end {
                let length = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
                let piece = buffer.get_mut(..length).unwrap_or_default();
                let Ok(read @ 1..) = memory.read_at(piece, at) else { break };
                look(&region.name, piece.get(..read).unwrap_or_default());
                at += read as u64;
                total += read as u64;
            }
        }
    }
    if total == 0 {
        return Err(failed(io::Error::other("the system shows none of it")));
    }
    Ok(total)
}

/// True if a core dump of the process would hold none of its memory.
pub(super) fn dumps_no_memory(pid: u32) -> bool {
    let filter = fs::read_to_string(format!("/proc/{pid}/coredump_filter"));
    filter.is_ok_and(|filter| u32::from_str_radix(filter.trim(), 16) == Ok(0))
}

impl Region {
    /// A line of `/proc/PID/maps`: proc(5). `None` if there is nothing to look for in it.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let permissions = words.next()?.as_bytes();
        let inode = words.nth(2)?;
        let name = words.next().unwrap_or("anonymous");
        let readable = permissions.first() == Some(&b'r');
        let own = permissions.get(1) == Some(&b'w') || permissions.get(3) == Some(&b's') || inode == "0";
        // What the kernel maps into every process is its own, and some of it can't be read this way.
        let kernels = name.starts_with("[v");
        // The name of a file says nothing more, and may be long.
        let name = name.rsplit('/').next().unwrap_or(name).to_owned();
        let address = |text| u64::from_str_radix(text, 16).ok();
        let private = permissions.get(3) == Some(&b'p');
        let region = Self { start: address(start)?, end: address(end)?, private, name };
        (readable && own && !kernels).then_some(region)
    }

    /// Where there is memory behind the addresses. All of it, if others may have written it: then it need not be in the
    /// tables of this process.
    fn touched(&self, pages: &File) -> io::Result<Vec<Range<u64>>> {
        if !self.private {
            return Ok(std::iter::once(self.start..self.end).collect());
        }
        let size = rustix::param::page_size() as u64;
        let count = usize::try_from((self.end - self.start) / size).map_err(io::Error::other)?;
        let mut map = vec![0; count * 8];
        pages.read_exact_at(&mut map, self.start / size * 8)?;
        let mut touched: Vec<Range<u64>> = Vec::new();
        let (entries, _) = map.as_chunks();
        for (start, entry) in (self.start..).step_by(rustix::param::page_size()).zip(entries) {
            match touched.last_mut() {
                _ if u64::from_ne_bytes(*entry) & HOLDS == 0 => {}
                Some(last) if last.end == start => last.end = start + size,
                _ => touched.push(start..start + size),
            }
        }
        Ok(touched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_what_a_process_holds() {
        let held = format!("on the heap of {}, and not in its program", std::process::id()).into_bytes();
        let mut times = 0;
        let look = |_: &str, bytes: &[u8]| {
            times += bytes.windows(held.len()).filter(|window| *window == held).count();
        };
        assert!(read("itself", std::process::id(), look).unwrap() > 1 << 16);
        assert!(times > 0);
    }

    #[test]
    fn what_was_never_touched_is_left_out() {
        let asked = vec![0_u8; 1 << 30];
        let total = read("itself", std::process::id(), |_, _| {}).unwrap();
        assert!(total < 1 << 29, "{total} bytes beside {} that nobody wrote", asked.len());
    }

    #[test]
    fn a_process_that_is_none_is_an_error() {
        assert!(matches!(read("nobody", u32::MAX, |_, _| {}), Err(LiveError::Memory { .. })));
    }

    #[test]
    fn what_a_file_says_is_left_out() {
        let parse = |line| Region::parse(line).map(|region| region.name);
        assert_eq!(parse("7f00-7f10 r-xp 00000000 fe:00 123 /usr/lib/libc.so.6"), None);
        assert_eq!(parse("7f00-7f10 rw-p 00000000 fe:00 123 /usr/lib/libc.so.6").unwrap(), "libc.so.6");
        assert_eq!(parse("7f00-7f10 r--p 00000000 00:00 0 ").unwrap(), "anonymous");
        assert_eq!(parse("7f00-7f10 ---p 00000000 00:00 0"), None);
        assert_eq!(parse("7f00-7f10 rw-p 00000000 00:00 0 [heap]").unwrap(), "[heap]");
        assert_eq!(parse("7f00-7f10 r--p 00000000 00:00 0 [vvar]"), None);
    }
}
