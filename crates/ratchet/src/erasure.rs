//! The erasure code of the post-quantum ratchet: a message of n chunks becomes a stream of 65,536
//! chunks, any n of which give the message back (ML-KEM Braid, section "Erasure codes").
//!
//! A systematic Reed-Solomon code over GF(2^16). A chunk is 16 symbols, one for each of 16 lanes;
//! in each lane the n symbols of the message are the values at 0, 1, .., n - 1 of a polynomial of
//! degree less than n, and chunk i holds the value at i. So the first n chunks are the message.

use crate::field::{inverse, mask, mul, times_x};

/// Bytes in a chunk.
pub const CHUNK_LENGTH: usize = 32;

/// Symbols in a chunk.
const LANES: usize = 16;

/// The chunks of the longest message of the protocol, and room for other uses.
const MAX_CHUNKS: u16 = 64;

/// A piece of an encoded message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Chunk {
    /// Its place in the stream.
    pub index: u16,
    /// Its content.
    pub bytes: [u8; CHUNK_LENGTH],
}

/// The chunk of a message at a place of its stream. Bytes of the message after its last whole chunk
/// are not encoded: messages of the protocol are whole chunks.
#[must_use]
pub fn chunk_at(message: &[u8], index: u16) -> Chunk {
    let (chunks, _) = message.as_chunks::<CHUNK_LENGTH>();
    let bytes = match chunks.get(usize::from(index)) {
        Some(chunk) => *chunk,
        None => parity_chunk(chunks, index),
    };
    Chunk { index, bytes }
}

fn parity_chunk(chunks: &[[u8; CHUNK_LENGTH]], index: u16) -> [u8; CHUNK_LENGTH] {
    let nodes: Vec<u16> = (0..).take(chunks.len()).collect();
    let inverses = inverse_weights_of_message(&nodes);
    let coefficients = lagrange(&nodes, &inverses, index);
    combine(coefficients.into_iter().zip(chunks))
}

/// The inverses of the weights of 0, 1, .., n - 1, which are computed ahead for the message lengths
/// of the protocol.
fn inverse_weights_of_message(nodes: &[u16]) -> Vec<u16> {
    match nodes.len() {
        3 => THREE.to_vec(),
        5 => FIVE.to_vec(),
        30 => THIRTY.to_vec(),
        36 => THIRTY_SIX.to_vec(),
        _ => inverse_weights(nodes),
    }
}

const THREE: [u16; 3] = inverse_weights_to();
const FIVE: [u16; 5] = inverse_weights_to();
const THIRTY: [u16; 30] = inverse_weights_to();
const THIRTY_SIX: [u16; 36] = inverse_weights_to();

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
const fn inverse_weights_to<const N: usize>() -> [u16; N] {
    let mut inverses = [0; N];
    let mut i = 0;
    while i < N {
        let (mut weight, mut j) = (1, 0);
        while j < N {
            if i != j {
                weight = mul(weight, (i ^ j) as u16);
            }
            j += 1;
        }
        inverses[i] = inverse(weight);
        i += 1;
    }
    inverses
}

/// For each node the inverse of the product of its differences to the others.
fn inverse_weights(nodes: &[u16]) -> Vec<u16> {
    let differences =
        |node: u16| nodes.iter().filter(move |other| **other != node).map(move |other| node ^ other);
    nodes.iter().map(|node| inverse(differences(*node).fold(1, mul))).collect()
}

/// The values at x of the Lagrange basis polynomials of the nodes; x is none of the nodes.
fn lagrange(nodes: &[u16], inverse_weights: &[u16], x: u16) -> Vec<u16> {
    // The product of all other differences: what comes before a node, times what comes after it.
    let mut coefficients = Vec::with_capacity(nodes.len());
    let mut before = 1;
    for (node, inverse_weight) in nodes.iter().zip(inverse_weights) {
        coefficients.push(mul(before, *inverse_weight));
        before = mul(before, x ^ node);
    }
    let mut after = 1;
    for (coefficient, node) in coefficients.iter_mut().zip(nodes).rev() {
        *coefficient = mul(*coefficient, after);
        after = mul(after, x ^ node);
    }
    coefficients
}

/// The sum of chunks multiplied by coefficients, in all lanes at once: bit by bit of the
/// coefficients, so that the reduction is needed once a bit and not once a chunk.
fn combine<'a>(terms: impl Iterator<Item = (u16, &'a [u8; CHUNK_LENGTH])>) -> [u8; CHUNK_LENGTH] {
    let terms: Vec<(u16, [u16; LANES])> =
        terms.map(|(coefficient, chunk)| (coefficient, symbols(chunk))).collect();
    let mut sum = [0u16; LANES];
    for bit in (0..16).rev() {
        sum = sum.map(times_x);
        for (coefficient, chunk) in &terms {
            let mask = mask(*coefficient, bit);
            for (lane, symbol) in sum.iter_mut().zip(chunk) {
                *lane ^= symbol & mask;
            }
        }
    }
    let mut bytes = [0; CHUNK_LENGTH];
    for (to, symbol) in bytes.as_chunks_mut().0.iter_mut().zip(sum) {
        *to = symbol.to_be_bytes();
    }
    bytes
}

fn symbols(chunk: &[u8; CHUNK_LENGTH]) -> [u16; LANES] {
    let mut symbols = [0; LANES];
    for (symbol, bytes) in symbols.iter_mut().zip(chunk.as_chunks().0) {
        *symbol = u16::from_be_bytes(*bytes);
    }
    symbols
}

/// Collects chunks of one stream until they are enough.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoder {
    needed: u16,
    /// By ascending index.
    chunks: Vec<Chunk>,
}

impl Decoder {
    /// For a message of so many chunks; at most 64, which is more than any of the protocol has.
    #[must_use]
    pub fn new(chunks: u16) -> Self {
        Self { needed: chunks.min(MAX_CHUNKS), chunks: Vec::new() }
    }

    /// Takes a chunk; one with the index of an earlier one replaces it. A parity chunk that comes
    /// when there are enough is dropped.
    pub fn add(&mut self, chunk: Chunk) {
        if !self.takes(chunk.index) {
            return;
        }
        match self.place(chunk.index) {
            Ok(at) => {
                if let Some(earlier) = self.chunks.get_mut(at) {
                    *earlier = chunk;
                }
            }
            Err(at) => self.chunks.insert(at, chunk),
        }
    }

    /// The message, if there are enough chunks. Nothing is checked: wrong chunks give a wrong
    /// message.
    #[must_use]
    pub fn message(&self) -> Option<Vec<u8>> {
        if self.chunks.len() < usize::from(self.needed) {
            return None;
        }
        Some(decode(self.needed, &self.chunks))
    }

    /// The message, if this chunk would complete it.
    pub(crate) fn message_with(&self, chunk: Chunk) -> Option<Vec<u8>> {
        let adds = self.takes(chunk.index) && self.place(chunk.index).is_err();
        if self.chunks.len() + usize::from(adds) < usize::from(self.needed) {
            return None;
        }
        let mut complete = self.clone();
        complete.add(chunk);
        complete.message()
    }

    /// The chunks collected so far, by index.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = Chunk> {
        self.chunks.iter().copied()
    }

    /// How many chunks the message has.
    #[must_use]
    pub const fn needed(&self) -> u16 {
        self.needed
    }

    fn place(&self, index: u16) -> Result<usize, usize> {
        self.chunks.binary_search_by_key(&index, |chunk| chunk.index)
    }

    fn takes(&self, index: u16) -> bool {
        index < self.needed || self.chunks.len() < usize::from(self.needed)
    }
}

fn decode(needed: u16, chunks: &[Chunk]) -> Vec<u8> {
    let enough = || chunks.iter().take(usize::from(needed));
    let nodes: Vec<u16> = enough().map(|chunk| chunk.index).collect();
    // Only when something is missing, and then once for all that is.
    let mut weights = None;
    let mut message = Vec::with_capacity(usize::from(needed) * CHUNK_LENGTH);
    for index in 0..needed {
        match chunks.binary_search_by_key(&index, |chunk| chunk.index).ok().and_then(|at| chunks.get(at)) {
            Some(chunk) => message.extend_from_slice(&chunk.bytes),
            None => {
                let weights = weights.get_or_insert_with(|| inverse_weights(&nodes));
                let coefficients = lagrange(&nodes, weights, index);
                let values = enough().map(|chunk| &chunk.bytes);
                message.extend_from_slice(&combine(coefficients.into_iter().zip(values)));
            }
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    fn known_message() -> Vec<u8> {
        ["0", "1", "2"].iter().flat_map(|text| Sha256::digest(text.as_bytes())).collect()
    }

    #[test]
    fn chunks_known_answers() {
        for (index, expected) in [
            (0, "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"),
            (3, "e019072f26a28537a406a15319a80e2d84ea610bc9a4936d7d0de3897c6fa797"),
            (4, "e5e88c0d0d4ab5234fe20f03cae7720302c378ec7f6aa2b5b0c12fcb7c511827"),
            (127, "74b8b3fc88011410237939999221cc94ebe5c1fa1087570193d4b637e61b852f"),
            (300, "b0e33824c4d30aac9d67d305fbb49065fc092e29987ed18a63cf8f9c1a4b306c"),
            (65535, "0ee6a2c7295854a9c4d7a47e135094025f91ff5a7b8eacb43c9718b126cc9ed6"),
        ] {
            assert_eq!(hex::encode(chunk_at(&known_message(), index).bytes), expected, "{index}");
        }
    }

    #[test]
    fn weights_computed_ahead_are_those_computed() {
        for chunks in [3, 5, 30, 36] {
            let nodes: Vec<u16> = (0..chunks).collect();
            assert_eq!(inverse_weights_of_message(&nodes), inverse_weights(&nodes));
        }
    }

    #[test]
    fn the_last_chunk_with_an_index_counts() {
        let message = known_message();
        let mut decoder = Decoder::new(3);
        decoder.add(Chunk { index: 0, bytes: [9; 32] });
        decoder.add(chunk_at(&message, 0));
        decoder.add(chunk_at(&message, 1));
        assert_eq!(decoder.message(), None);
        assert_eq!(decoder.message_with(chunk_at(&message, 1)), None);
        assert_eq!(decoder.message_with(chunk_at(&message, 700)), Some(message.clone()));
        decoder.add(chunk_at(&message, 2));
        assert_eq!(decoder.message(), Some(message));
        decoder.add(Chunk { index: 9, bytes: [9; 32] });
        assert_eq!(decoder.chunks().len(), 3, "a parity chunk too many");
    }

    proptest! {
        #[test]
        fn any_n_chunks_give_the_message_back(
            length in prop::sample::select(vec![1u16, 3, 5, 30, 36]),
            seed in any::<u8>(),
            indices in prop::collection::btree_set(any::<u16>(), 36),
            near in any::<bool>(),
        ) {
            let message: Vec<u8> =
                (0..length * 32).map(|i| i.to_be_bytes()[1].wrapping_mul(31) ^ seed).collect();
            let mut decoder = Decoder::new(length);
            for index in indices {
                let index = if near { index % 60 } else { index };
                decoder.add(chunk_at(&message, index));
            }
            if decoder.chunks().len() >= usize::from(length) {
                prop_assert_eq!(decoder.message(), Some(message));
            }
        }
    }
}
