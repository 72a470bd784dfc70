//! Simulated packets as a pcapng file that Wireshark opens: UDP over IPv4, with the payload that it is given
//! (draft-ietf-opsawg-pcapng).

use crate::error::WriteError;
use crate::file::{FileEntry, PartialFile};
use std::path::Path;

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const LINKTYPE_IPV4: u16 = 228;
const IP_BYTES: u16 = 20;
const UDP_BYTES: u16 = 8;
/// Packets are whole: this is the longest that IPv4 has.
const SNAP_BYTES: u32 = 0xFFFF;

/// A class of links: an interface of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name, such as `mobile`.
    pub name: String,
    /// What it is, for people.
    pub description: String,
}

/// One end of a packet's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The endpoint's number: 0 is 10.0.0.1.
    pub index: u32,
    /// Its UDP port.
    pub port: u16,
}

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// When it was sent, in microseconds since 1970, virtual or not.
    pub at_us: u64,
    /// The class of its link, by its place among those that the file was begun with.
    pub link: u32,
    /// Who sent it.
    pub from: Endpoint,
    /// To whom.
    pub to: Endpoint,
    /// What UDP carries.
    pub payload: &'a [u8],
    /// A note for whoever looks.
    pub comment: Option<&'a str>,
}

/// Writes packets.
pub struct PacketWriter {
    file: PartialFile,
    links: u32,
    packets: u64,
    block: Vec<u8>,
}

impl PacketWriter {
    pub(crate) fn create(dir: &Path, name: &str, links: &[Link], about: &str) -> Result<Self, WriteError> {
        let file = PartialFile::create(dir, name.into())?;
        let mut writer = Self { file, links: 0, packets: 0, block: Vec::new() };
        writer.section(about)?;
        for link in links {
            writer.interface(link)?;
        }
        Ok(writer)
    }

    /// Adds a packet.
    pub fn write(&mut self, packet: &Packet<'_>) -> Result<(), WriteError> {
        if packet.link >= self.links {
            return Err(WriteError::Packet("its link is of no class that the file was begun with"));
        }
        let payload_bytes = u16::try_from(packet.payload.len()).ok();
        let Some(udp_bytes) = payload_bytes.and_then(|bytes| bytes.checked_add(UDP_BYTES)) else {
            return Err(WriteError::Packet("its payload is longer than UDP can carry; send several"));
        };
        let Some(bytes) = udp_bytes.checked_add(IP_BYTES) else {
            return Err(WriteError::Packet("its payload is longer than IPv4 can carry; send several"));
        };
        let mut data = ipv4_header(bytes, address(packet.from.index)?, address(packet.to.index)?).to_vec();
        for field in [packet.from.port, packet.to.port, udp_bytes, 0] {
            data.extend(field.to_be_bytes());
        }
        data.extend_from_slice(packet.payload);

        self.block.clear();
        let (high, low) = halves(packet.at_us);
        for field in [packet.link, high, low, length(&data), u32::from(bytes)] {
            self.block.extend(field.to_le_bytes());
        }
        self.padded(&data);
        if let Some(comment) = packet.comment {
            self.option(1, comment.as_bytes());
            self.option(0, &[]);
        }
        self.packets += 1;
        self.finish_block(PACKET)
    }

    pub(crate) fn close(self) -> Result<FileEntry, WriteError> {
        Ok(self.file.close(Some(self.packets))?)
    }

    fn section(&mut self, about: &str) -> Result<(), WriteError> {
        self.block.extend(0x1A2B_3C4D_u32.to_le_bytes());
        self.block.extend([1, 0, 0, 0]);
        self.block.extend(u64::MAX.to_le_bytes());
        self.option(1, about.as_bytes());
        self.option(4, b"blindpost");
        self.option(0, &[]);
        self.finish_block(SECTION)
    }

    fn interface(&mut self, link: &Link) -> Result<(), WriteError> {
        self.block.clear();
        self.block.extend(LINKTYPE_IPV4.to_le_bytes());
        self.block.extend([0, 0]);
        self.block.extend(SNAP_BYTES.to_le_bytes());
        self.option(2, link.name.as_bytes());
        self.option(3, link.description.as_bytes());
        // Timestamps are in units of 10^-6 s.
        self.option(9, &[6]);
        self.option(0, &[]);
        self.links += 1;
        self.finish_block(INTERFACE)
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.block.extend(code.to_le_bytes());
        self.block.extend(length.to_le_bytes());
        self.padded(value);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn finish_block(&mut self, kind: u32) -> Result<(), WriteError> {
        let length = length(&self.block).saturating_add(12).to_le_bytes();
        let put = self.file.put(&kind.to_le_bytes()).and_then(|()| self.file.put(&length));
        put.and_then(|()| self.file.put(&self.block)).and_then(|()| self.file.put(&length))?;
        Ok(())
    }
}

impl std::fmt::Debug for PacketWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PacketWriter").field("packets", &self.packets).finish_non_exhaustive()
    }
}

fn address(index: u32) -> Result<[u8; 4], WriteError> {
    match index.checked_add(1).map(u32::to_be_bytes) {
        Some([0, a, b, c]) if [a, b, c] != [255; 3] => Ok([10, a, b, c]),
        _ => Err(WriteError::Packet("its endpoint's number is past the 16,777,214 addresses of 10.0.0.0/8")),
    }
}

fn ipv4_header(bytes: u16, from: [u8; 4], to: [u8; 4]) -> [u8; 20] {
    let [high, low] = bytes.to_be_bytes();
    let [a, b, c, d] = from;
    let [e, f, g, h] = to;
    // Version and header length; no service class, identification; don't fragment; 64 hops; UDP.
    let mut header = [0x45, 0, high, low, 0, 0, 0x40, 0, 64, 17, 0, 0, a, b, c, d, e, f, g, h];
    let words = header.as_chunks::<2>().0.iter().map(|word| u32::from(u16::from_be_bytes(*word)));
    let sum: u32 = words.sum();
    let sum = (sum & 0xFFFF) + (sum >> 16);
    let sum = !((sum & 0xFFFF) + (sum >> 16));
    let [_, _, high, low] = sum.to_be_bytes();
    header[10] = high;
    header[11] = low;
    header
}

fn halves(value: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
