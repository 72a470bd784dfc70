//! Canaries are found in every encoding, however the bytes come, and nowhere else.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::{collection::vec, prelude::*};

use super::*;

const TEXT: &str = "the heron stands in 7 \"shallow\" waters";
const NUMBER: u64 = 491_511_234_567;

fn canaries() -> [Canary; 3] {
    [
        Canary::new("text", DataClass::Content, TEXT),
        Canary::new("key", DataClass::Secret, [0xfb, 0xef, 0xbe, 0x0d, 0x3c, 0x11, 0x7a, 0xff, 0x42, 0x90]),
        Canary::number("phone", DataClass::ConsumerAddress, NUMBER),
    ]
}

fn scanner() -> Scanner {
    Scanner::new(canaries()).unwrap()
}

#[test]
fn every_encoding_is_found_wherever_chunks_end() {
    for canary in canaries() {
        for (encoding, pattern) in encoding::patterns(&canary) {
            for chunk in [1, 2, 3, 7, 8, 9, 31, 1000] {
                let bytes = [b"<before>".as_slice(), &pattern, b"<after>"].concat();
                let mut stream = scanner().view("a stream");
                let found: Vec<_> = bytes.chunks(chunk).flat_map(|chunk| stream.feed(chunk)).collect();
                let expected = Finding {
                    canary: canary.name().clone(),
                    class: canary.class(),
                    view: "a stream".into(),
                    offset: 8,
                    encoding,
                    inside: None,
                };
                assert!(found.contains(&expected), "{expected}, in chunks of {chunk}: {found:?}");
                assert_eq!(stream.scanned(), bytes.len() as u64);
            }
        }
    }
}

#[test]
fn a_value_inside_a_larger_base64_is_found() {
    let found = scanner().stream().feed(STANDARD.encode(format!("to: {TEXT}!")).as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].to_string(), "canary `text` (content) in stream at byte 6, base64 at offset 1");
}

#[test]
fn views_are_separate() {
    let mut scan = Scan::new(&scanner());
    let (first, second) = TEXT.as_bytes().split_at(10);
    assert_eq!(scan.feed("relay", first), []);
    assert_eq!(scan.feed("cloud", second), []);
    let found = scan.feed("relay", second);
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].view, found[0].offset), ("relay", 0));
    assert_eq!(scan.scanned().collect::<Vec<_>>(), [("cloud", 28), ("relay", 38)]);
}

#[test]
fn files_and_their_names_are_scanned() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a/b")).unwrap();
    // Across the border of the buffer that files are read with.
    let mut long = vec![b'x'; 64 * 1024 - 10];
    long.extend(TEXT.as_bytes());
    fs::write(dir.path().join("a/b/long"), long).unwrap();
    fs::write(dir.path().join(format!("queue-{NUMBER}")), "nothing").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/", dir.path().join("elsewhere")).unwrap();
    let found: Vec<_> = scanner().scan_dir(dir.path()).unwrap().iter().map(Finding::to_string).collect();
    assert_eq!(
        found,
        [
            "canary `phone` (consumer_address) in name of queue-491511234567 at byte 6, raw",
            "canary `text` (content) in a/b/long at byte 65526, raw",
        ]
    );
    assert_eq!(scanner().scan_dir(&dir.path().join("gone")).unwrap(), []);
}

#[test]
fn what_would_be_found_by_chance_is_refused() {
    let refused = |canary| Scanner::new([canary]).err();
    assert_eq!(
        refused(Canary::new("short", DataClass::Content, "hello")),
        Some(CanaryError::TooShort("short".into()))
    );
    assert_eq!(
        refused(Canary::number("short", DataClass::ConsumerAddress, 555_0100)),
        Some(CanaryError::TooShort("short".into()))
    );
}

#[test]
fn canaries_that_cant_be_told_apart_are_refused() {
    let one = Canary::new("one", DataClass::Content, "a value of two");
    let other = Canary::new("other", DataClass::Secret, "a value of two");
    assert_eq!(Scanner::new([one, other]).err(), Some(CanaryError::Alike("one".into(), "other".into())));
}

proptest! {
    #[test]
    fn nothing_is_found_in_random_bytes(bytes in vec(any::<u8>(), 0..20_000)) {
        prop_assert_eq!(scanner().stream().feed(&bytes), []);
    }
}

mod compressed {
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    use super::*;
    use crate::{Compression, Inside};

    fn compress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Zlib => compress_to_vec_zlib(bytes, 6),
            Compression::Deflate => compress_to_vec(bytes, 6),
            Compression::Gzip => {
                let header = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03dump.txt\0";
                // Checksum and length, which nobody looks at.
                [header.as_slice(), &compress_to_vec(bytes, 6), &[7; 8]].concat()
            }
        }
    }

    /// What is found inside of streams: what is too short to be compressed is legible outside of them too.
    fn found(scanner: &Scanner, bytes: &[u8], chunk: usize) -> Vec<Finding> {
        let mut stream = scanner.view("a view");
        let found = bytes.chunks(chunk).flat_map(|chunk| stream.feed(chunk));
        found.filter(|finding| finding.inside.is_some()).collect()
    }

    #[test]
    fn every_encoding_is_found_in_every_stream_wherever_chunks_end() {
        let scanner = scanner();
        let before = b"POST /dump HTTP/1.1\r\ncontent-encoding: deflate\r\n\r\n";
        for compression in [Compression::Gzip, Compression::Zlib, Compression::Deflate] {
            for canary in canaries() {
                for (encoding, pattern) in encoding::patterns(&canary) {
                    let inner = [b"<before>".as_slice(), &pattern, b"<after>"].concat();
                    let stream = compress(compression, &inner);
                    let bytes = [before.as_slice(), &stream, b" and so on"].concat();
                    for chunk in [1, 2, 3, 50, 52, 53, 1000] {
                        let expected = Finding {
                            canary: canary.name().clone(),
                            class: canary.class(),
                            view: "a view".into(),
                            offset: before.len() as u64,
                            encoding,
                            inside: Some(Inside { compression, offset: 8 }),
                        };
                        let found = found(&scanner, &bytes, chunk);
                        assert!(found.contains(&expected), "{expected}, in chunks of {chunk}: {found:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_finding_says_where_the_stream_is_and_where_in_it() {
        let bytes = [b"log: ".as_slice(), &compress(Compression::Gzip, TEXT.as_bytes())].concat();
        let found: Vec<_> = found(&scanner(), &bytes, 1000).iter().map(Finding::to_string).collect();
        assert_eq!(found, ["canary `text` (content) in a view at byte 5, inside gzip at byte 0, raw"]);
    }

    #[test]
    fn a_stream_without_header_is_found_where_a_view_begins() {
        let found = found(&scanner(), &compress(Compression::Deflate, TEXT.as_bytes()), 4);
        assert_eq!(found[0].inside, Some(Inside { compression: Compression::Deflate, offset: 0 }));
    }

    #[test]
    fn what_is_left_of_a_damaged_stream_is_searched() {
        let filler: Vec<u8> =
            (0..20_000_u32).flat_map(|number| number.wrapping_mul(number).to_string().into_bytes()).collect();
        let text = [&filler, TEXT.as_bytes(), &filler].concat();
        let mut stream = compress(Compression::Zlib, &text);
        let cut = stream.len() * 3 / 4;
        assert_eq!(scanner().patterns.search(&mut Cursor::default(), &stream), [], "legible from outside");
        assert_eq!(found(&scanner(), &stream[..cut], 1000).len(), 1, "cut off");
        for byte in &mut stream[cut..] {
            *byte = 0xff;
        }
        assert_eq!(found(&scanner(), &stream, 1000).len(), 1, "overwritten");
    }

    #[test]
    fn streams_after_streams_are_found() {
        let one = compress(Compression::Gzip, TEXT.as_bytes());
        let bytes = one.repeat(50);
        let found = found(&scanner(), &bytes, 7);
        let offsets: Vec<_> = found.iter().map(|finding| finding.offset).collect();
        assert_eq!(offsets, (0..50).map(|index| index * one.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn a_bomb_is_given_up_and_said_to_be() {
        // A hundred streams of 1 MiB each, in 100 KB.
        let one = compress(Compression::Zlib, &vec![0; 1 << 20]);
        let mut stream = scanner().view("bomb");
        let mut found = Vec::new();
        for _ in 0..100 {
            found.extend(stream.feed(&one));
        }
        assert_eq!(found, []);
        assert!(stream.given_up() > 0);
        assert!(stream.inflated() < 16 << 20, "{}", stream.inflated());
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("bomb"), one.repeat(100)).unwrap();
        let error = scanner().scan_dir(dir.path()).unwrap_err().to_string();
        assert!(error.contains("compressed streams in it are too large"), "{error}");
    }

    #[test]
    fn what_only_looks_like_streams_is_no_work_and_no_finding() {
        let mut stream = scanner().stream();
        let looks = b"\x1f\x8b\x08x\x9cx\xdax^x\x01\r\n\r\n".repeat(10_000);
        assert_eq!(stream.feed(&looks), []);
        assert_eq!((stream.inflated(), stream.given_up()), (0, 0));
    }

    proptest! {
        #[test]
        fn any_bytes_after_any_header_are_read_without_harm(
            bytes in vec(any::<u8>(), 0..3_000),
            chunk in 1_usize..500,
            header in 0_usize..4,
        ) {
            let headers: [&[u8]; 4] = [b"x\x9c", b"\x1f\x8b\x08\x1f", b"\r\n\r\n", b""];
            let bytes = [headers[header], &bytes].concat();
            prop_assert_eq!(found(&scanner(), &bytes, chunk), []);
        }
    }
}
