//! The code of the post-quantum ratchet as the real providers have it: how a decoder is stored.

use super::primitives::ErasureCode;
use crate::erasure::{self, CHUNK_LENGTH, Chunk, Decoder};

/// The code as a provider's.
#[derive(Debug)]
pub enum ReedSolomon {}

impl ErasureCode for ReedSolomon {
    type Decoder = Decoder;

    fn chunk_at(message: &[u8], index: u16) -> Chunk {
        erasure::chunk_at(message, index)
    }

    fn decoder(chunks: u16) -> Decoder {
        Decoder::new(chunks)
    }

    fn add(decoder: &mut Decoder, chunk: Chunk) {
        decoder.add(chunk);
    }

    fn message_with(decoder: &Decoder, chunk: Chunk) -> Option<Vec<u8>> {
        decoder.message_with(chunk)
    }

    fn stored_length(decoder: &Decoder) -> usize {
        2 + decoder.chunks().len() * (2 + CHUNK_LENGTH)
    }

    fn write(decoder: &Decoder, stored: &mut Vec<u8>) {
        stored.extend_from_slice(&u16::try_from(decoder.chunks().len()).unwrap_or(u16::MAX).to_be_bytes());
        for chunk in decoder.chunks() {
            stored.extend_from_slice(&chunk.index.to_be_bytes());
            stored.extend_from_slice(&chunk.bytes);
        }
    }

    fn read(chunks: u16, stored: &mut &[u8]) -> Option<Decoder> {
        let mut decoder = Decoder::new(chunks);
        let count = u16::from_be_bytes(*take(stored)?);
        if count > decoder.needed() {
            return None;
        }
        for _ in 0..count {
            decoder.add(Chunk { index: u16::from_be_bytes(*take(stored)?), bytes: *take(stored)? });
        }
        Some(decoder)
    }
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(taken)
}
