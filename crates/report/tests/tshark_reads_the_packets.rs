//! Packets are read by Wireshark's own dissector, which has nothing to complain of.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use report::{Format, Outcome};
use std::path::Path;
use std::process::Command;

const INSTALL: &str = "tshark is missing: `apt install tshark`";

fn tshark(file: &Path, arguments: &[&str]) -> String {
    let output = common::run(Command::new("tshark").arg("-r").arg(file).args(arguments), INSTALL);
    let complaints = String::from_utf8(output.stderr).unwrap();
    let complaints: Vec<&str> =
        complaints.lines().filter(|line| !line.starts_with("Running as user \"root\"")).collect();
    assert!(complaints.is_empty(), "tshark warns: {complaints:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn tshark_reads_the_packets() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Csv], Outcome::Complete);
    let file = dir.path().join("packets.pcapng");
    let fields = [
        "frame.time_epoch",
        "frame.len",
        "frame.cap_len",
        "frame.interface_name",
        "ip.src",
        "ip.dst",
        "udp.srcport",
        "udp.dstport",
        "udp.length",
        "frame.comment",
        "ip.checksum.status",
    ];
    let mut arguments = vec!["-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=|"];
    for field in fields {
        arguments.extend(["-e", field]);
    }
    let read: Vec<String> = tshark(&file, &arguments).lines().map(String::from).collect();
    let expected: Vec<String> = common::packets()
        .iter()
        .map(|packet| {
            let source = packet.from.index + 1;
            let destination = packet.to.index + 1;
            let address = |n: u32| format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
            format!(
                "{}.{:06}000|{}|{}|{}|{}|{}|{}|{}|{}|{}|1",
                packet.at_us / 1_000_000,
                packet.at_us % 1_000_000,
                packet.payload.len() + 28,
                packet.payload.len() + 28,
                common::links()[usize::try_from(packet.link).unwrap()].name,
                address(source),
                address(destination),
                packet.from.port,
                packet.to.port,
                packet.payload.len() + 8,
                packet.comment.unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn nothing_is_malformed() {
    let dir = tempfile::tempdir().unwrap();
    common::write(dir.path(), &[Format::Csv], Outcome::Complete);
    let file = dir.path().join("packets.pcapng");
    let odd =
        tshark(&file, &["-Y", "_ws.malformed || _ws.expert.severity >= \"Warning\" || _ws.unreassembled"]);
    assert_eq!(odd, "");
    // The filter does find what is malformed: the same file, claiming more bytes of IP than there are.
    let mut bytes = std::fs::read(&file).unwrap();
    let header = bytes.windows(2).position(|pair| pair == [0x45, 0]).unwrap();
    bytes[header] = 0x41;
    let broken = dir.path().join("broken.pcapng");
    std::fs::write(&broken, bytes).unwrap();
    assert_ne!(tshark(&broken, &["-Y", "_ws.malformed || _ws.expert.severity >= \"Warning\""]), "");
}
