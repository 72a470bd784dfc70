//! The post-quantum part of official session records, in our storage format.

use ratchet::PublicKey;

use crate::official::Fields;

/// Once negotiation is closed the record does not say any more whether the ratchet was required.
pub fn translate(spqr: &Fields<'_>, required: bool, keyless: Option<PublicKey>, out: &mut Vec<u8>) {
    let negotiation = spqr.bytes(1).map(Fields::read);
    let chain = spqr.bytes(2).map(Fields::read);
    out.push(u8::from(negotiation.is_some()));
    if let Some(open) = &negotiation {
        assert_eq!(open.number(3), u64::from(required));
    }
    out.push(u8::from(required));
    out.push(u8::from(keyless.is_some()));
    if let Some(chain) = keyless {
        out.extend(&chain.to_bytes()[1..]);
    }
    match (&chain, &negotiation) {
        (Some(chain), _) => {
            out.push(chain.number(1) as u8);
            out.push(1);
            translate_chain(chain, out);
        }
        (None, Some(open)) => {
            out.push(open.number(2) as u8);
            out.push(0);
            out.extend(open.bytes(1).unwrap());
        }
        (None, None) => panic!("neither chain nor negotiation"),
    }
    translate_braid(&Fields::read(spqr.bytes(3).unwrap()), out);
}

fn translate_chain(chain: &Fields<'_>, out: &mut Vec<u8>) {
    out.extend(chain.bytes(4).unwrap());
    out.extend(chain.number(2).to_be_bytes());
    out.extend(chain.number(5).to_be_bytes());
    let links = chain.all(3);
    out.extend((links.len() as u16).to_be_bytes());
    for link in links {
        let link = Fields::read(link);
        let (sending, receiving) =
            (Fields::read(link.bytes(1).unwrap()), Fields::read(link.bytes(2).unwrap()));
        let erased = sending.bytes(2).is_none_or(<[u8]>::is_empty);
        out.push(u8::from(!erased));
        if !erased {
            translate_hash_chain(&sending, out);
        }
        translate_hash_chain(&receiving, out);
        let mut kept: Vec<&[u8]> = receiving.bytes(3).unwrap_or_default().chunks(36).collect();
        kept.sort_by(|a, b| b.cmp(a));
        out.extend((kept.len() as u16).to_be_bytes());
        kept.iter().for_each(|key| out.extend(*key));
    }
}

fn translate_hash_chain(chain: &Fields<'_>, out: &mut Vec<u8>) {
    out.extend((chain.number(1) as u32).to_be_bytes());
    out.extend(chain.bytes(2).unwrap());
}

fn translate_braid(braid: &Fields<'_>, out: &mut Vec<u8>) {
    let (state, content) = braid.strings[0];
    let content = Fields::read(content);
    let inner = Fields::read(content.bytes(1).unwrap());
    let authenticator = Fields::read(inner.bytes(2).unwrap());
    out.extend(inner.number(1).to_be_bytes());
    out.extend(authenticator.bytes(1).unwrap());
    out.extend(authenticator.bytes(2).unwrap());
    out.push(state as u8);
    let raw = |field| inner.bytes(field).unwrap();
    match state {
        1 => {}
        2 => {
            out.extend(raw(4));
            let header_and_tag = stream(&Fields::read(content.bytes(2).unwrap()));
            out.extend(&header_and_tag[64..]);
            out.extend(next(&content, 2));
        }
        3 => {
            out.extend(raw(3));
            out.extend(next(&content, 2));
            translate_decoder(&content, 3, out);
        }
        4 => {
            out.extend(raw(3));
            out.extend(next(&content, 2));
            out.extend(raw(4));
        }
        5 => {
            out.extend(raw(3));
            out.extend(raw(4));
            translate_decoder(&content, 3, out);
        }
        6 => translate_decoder(&content, 2, out),
        7 => out.extend(raw(3)),
        8 => {
            out.extend(raw(3));
            out.extend(raw(4));
            out.extend(raw(5));
            out.extend(next(&content, 2));
            translate_decoder(&content, 3, out);
        }
        9 => {
            out.extend(raw(3));
            out.extend(raw(5));
            out.extend(next(&content, 2));
            out.extend(raw(4));
        }
        10 => {
            out.extend(raw(3));
            out.extend(raw(4));
            out.extend(raw(5));
            translate_decoder(&content, 2, out);
        }
        11 => {
            out.extend(stream(&Fields::read(content.bytes(2).unwrap())));
            out.extend(next(&content, 2));
        }
        state => panic!("unknown state {state}"),
    }
}

/// The next chunk index of an encoder.
fn next(content: &Fields<'_>, encoder: u64) -> [u8; 2] {
    (Fields::read(content.bytes(encoder).unwrap()).number(1) as u16).to_be_bytes()
}

/// What an encoder sends: the values of 16 lanes at 0, 1, .., or their polynomials.
fn stream(encoder: &Fields<'_>) -> Vec<u8> {
    let (points, coefficients) = (encoder.all(2), encoder.all(3));
    let by_point = points.len() == 16;
    let lanes: Vec<Vec<u16>> = if by_point { &points } else { &coefficients }
        .iter()
        .map(|lane| lane.chunks(2).map(|bytes| u16::from_be_bytes(bytes.try_into().unwrap())).collect())
        .collect();
    assert_eq!(lanes.len(), 16);
    let mut stream = Vec::new();
    for at in 0..lanes[0].len() {
        for lane in &lanes {
            let value = if by_point { lane[at] } else { evaluate(lane, at as u16) };
            stream.extend(value.to_be_bytes());
        }
    }
    stream
}

fn evaluate(polynomial: &[u16], x: u16) -> u16 {
    polynomial.iter().rev().fold(0, |sum, coefficient| mul(sum, x) ^ coefficient)
}

fn mul(a: u16, b: u16) -> u16 {
    let product = (0..16).filter(|bit| b >> bit & 1 == 1).fold(0u32, |sum, bit| sum ^ u32::from(a) << bit);
    let reduced =
        (16..32).rev().fold(product, |p, bit| if p >> bit & 1 == 1 { p ^ 0x1100b << (bit - 16) } else { p });
    reduced as u16
}

fn translate_decoder(content: &Fields<'_>, field: u64, out: &mut Vec<u8>) {
    let decoder = content.bytes(field).map(Fields::read);
    let lanes = decoder.map(|decoder| decoder.all(3)).unwrap_or_default();
    let mut chunks: Vec<([u8; 2], Vec<u8>)> = Vec::new();
    for (at, lane) in lanes.iter().enumerate() {
        let mut points: Vec<&[u8]> = lane.chunks(4).collect();
        points.sort_unstable();
        for (point, place) in points.iter().zip(0..) {
            if at == 0 {
                chunks.push((point[..2].try_into().unwrap(), Vec::new()));
            }
            let (x, bytes): &mut ([u8; 2], Vec<u8>) = &mut chunks[place];
            assert_eq!(*x, point[..2]);
            bytes.extend(&point[2..]);
        }
    }
    out.extend((chunks.len() as u16).to_be_bytes());
    for (index, bytes) in chunks {
        out.extend(index);
        out.extend(bytes);
    }
}
