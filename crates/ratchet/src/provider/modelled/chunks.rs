//! A code without interpolation: every chunk is the whole message.

use std::collections::BTreeMap;

use super::start::{absorb, mix};
use crate::erasure::{CHUNK_LENGTH, Chunk};
use crate::provider::primitives::ErasureCode;

/// A message at most: a value and a tag.
const CONTENT: usize = 16;

/// Every chunk carries the message; that enough of them have come is decided as the real code does.
#[derive(Debug)]
pub enum Copies {}

/// Which chunks have come, and what they carried.
#[derive(Clone)]
pub struct CopiesDecoder {
    needed: u16,
    /// Runs of indices, first and last of each, ascending: of a stream that begins somewhere there is one.
    runs: Vec<(u16, u16)>,
    /// What most of them carried.
    content: [u8; CONTENT],
    /// What chunks of other messages carried: a sender that lost its state mixes two streams.
    others: BTreeMap<u16, [u8; CONTENT]>,
}

impl ErasureCode for Copies {
    type Decoder = CopiesDecoder;

    fn chunk_at(message: &[u8], index: u16) -> Chunk {
        let mut bytes = [0; CHUNK_LENGTH];
        for (to, from) in bytes.iter_mut().zip(message.iter().take(CONTENT)) {
            *to = *from;
        }
        Chunk { index, bytes }
    }

    fn decoder(chunks: u16) -> CopiesDecoder {
        CopiesDecoder { needed: chunks, runs: Vec::new(), content: [0; CONTENT], others: BTreeMap::new() }
    }

    fn add(decoder: &mut CopiesDecoder, chunk: Chunk) {
        if !decoder.takes(chunk.index) {
            return;
        }
        let content = content_of(&chunk);
        if decoder.runs.is_empty() {
            decoder.content = content;
        }
        decoder.insert(chunk.index);
        if content != decoder.content {
            decoder.others.insert(chunk.index, content);
        } else {
            decoder.others.remove(&chunk.index);
        }
    }

    fn message_with(decoder: &CopiesDecoder, chunk: Chunk) -> Option<Vec<u8>> {
        let adds = decoder.takes(chunk.index) && !decoder.has(chunk.index);
        if decoder.count() + usize::from(adds) < usize::from(decoder.needed) {
            return None;
        }
        let mut complete = decoder.clone();
        Self::add(&mut complete, chunk);
        Some(complete.message().to_vec())
    }

    fn stored_length(decoder: &CopiesDecoder) -> usize {
        4 + 4 * decoder.runs.len() + CONTENT + decoder.others.len() * (2 + CONTENT)
    }

    fn write(decoder: &CopiesDecoder, stored: &mut Vec<u8>) {
        let count = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        stored.extend_from_slice(&count(decoder.runs.len()));
        for (first, last) in &decoder.runs {
            stored.extend_from_slice(&first.to_be_bytes());
            stored.extend_from_slice(&last.to_be_bytes());
        }
        stored.extend_from_slice(&decoder.content);
        stored.extend_from_slice(&count(decoder.others.len()));
        for (index, content) in &decoder.others {
            stored.extend_from_slice(&index.to_be_bytes());
            stored.extend_from_slice(content);
        }
    }

    fn read(chunks: u16, stored: &mut &[u8]) -> Option<CopiesDecoder> {
        let mut decoder = Self::decoder(chunks);
        for _ in 0..number(stored)? {
            decoder.runs.push((number(stored)?, number(stored)?));
        }
        let proper = decoder.runs.iter().all(|(first, last)| first <= last)
            && decoder.runs.is_sorted_by(|(_, before), (after, _)| before < after);
        decoder.content = *take(stored)?;
        for _ in 0..number(stored)? {
            decoder.others.insert(number(stored)?, *take(stored)?);
        }
        (proper && decoder.count() <= usize::from(chunks)).then_some(decoder)
    }
}

impl CopiesDecoder {
    fn takes(&self, index: u16) -> bool {
        index < self.needed || self.count() < usize::from(self.needed)
    }

    fn count(&self) -> usize {
        self.runs.iter().map(|(first, last)| usize::from(last - first) + 1).sum()
    }

    fn has(&self, index: u16) -> bool {
        self.runs.iter().any(|(first, last)| (*first..=*last).contains(&index))
    }

    fn insert(&mut self, index: u16) {
        if self.has(index) {
            return;
        }
        match self.runs.iter_mut().find(|(_, last)| last.checked_add(1) == Some(index)) {
            Some((_, last)) => *last = index,
            None => {
                let at = self.runs.partition_point(|(first, _)| *first < index);
                self.runs.insert(at, (index, index));
            }
        }
    }

    /// What the chunks that count carried; if they were of different messages, something else.
    fn message(&self) -> [u8; CONTENT] {
        if self.others.is_empty() {
            return self.content;
        }
        let indices = || self.runs.iter().flat_map(|(first, last)| *first..=*last);
        let counting = || indices().take(self.needed.into());
        let contents = || counting().map(|index| self.others.get(&index).unwrap_or(&self.content));
        let first = contents().next().unwrap_or(&self.content);
        if contents().all(|content| content == first) {
            return *first;
        }
        let garbled = contents().fold(0, |state, content| absorb(state, content));
        let mut message = [0; CONTENT];
        for (half, word) in message.as_chunks_mut().0.iter_mut().zip([garbled, mix(garbled, 1)]) {
            *half = word.to_le_bytes();
        }
        message
    }
}

fn content_of(chunk: &Chunk) -> [u8; CONTENT] {
    chunk.bytes.first_chunk().copied().unwrap_or_default()
}

fn number(stored: &mut &[u8]) -> Option<u16> {
    take(stored).map(|bytes| u16::from_be_bytes(*bytes))
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::ReedSolomon;

    type Real = ReedSolomon;

    /// A message of the real code, and the one that stands for it.
    fn messages(of: u8, chunks: u16) -> (Vec<u8>, Vec<u8>) {
        ((0..chunks * 32).map(|at| at.to_le_bytes()[0].wrapping_mul(31) ^ of).collect(), vec![of; CONTENT])
    }

    proptest! {
        /// Duplicates, parity chunks, two messages mixed: complete at the same chunk, and right or wrong
        /// together; stored and read in between.
        #[test]
        fn it_completes_when_the_real_code_does(
            chunks in prop::sample::select(vec![3u16, 5, 30, 36]),
            arriving in prop::collection::vec((0u16..50, prop::bool::weighted(0.05)), 1..80),
            mixed in any::<bool>(),
        ) {
            let (real, modelled) = messages(1, chunks);
            let (other_real, other_modelled) = messages(2, chunks);
            let mut decoders = (Real::decoder(chunks), Copies::decoder(chunks));
            for (index, other) in arriving {
                let other = other && mixed;
                let (real_chunk, modelled_chunk) = if other {
                    (Real::chunk_at(&other_real, index), Copies::chunk_at(&other_modelled, index))
                } else {
                    (Real::chunk_at(&real, index), Copies::chunk_at(&modelled, index))
                };
                let found = Real::message_with(&decoders.0, real_chunk);
                let ours = Copies::message_with(&decoders.1, modelled_chunk);
                prop_assert_eq!(found.map(|found| found == real), ours.map(|found| found == modelled));
                Real::add(&mut decoders.0, real_chunk);
                Copies::add(&mut decoders.1, modelled_chunk);
                // One that has enough is not stored.
                if decoders.1.count() < usize::from(chunks) {
                    let mut stored = Vec::new();
                    Copies::write(&decoders.1, &mut stored);
                    prop_assert_eq!(stored.len(), Copies::stored_length(&decoders.1));
                    let mut rest = &stored[..];
                    decoders.1 = Copies::read(chunks, &mut rest).unwrap();
                    prop_assert!(rest.is_empty());
                }
            }
        }
    }
}
