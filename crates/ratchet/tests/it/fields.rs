//! Just enough protobuf to look into messages: the length-delimited fields by number.

use std::collections::BTreeMap;

pub fn fields(mut bytes: &[u8]) -> BTreeMap<u64, &[u8]> {
    let mut fields = BTreeMap::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = varint(&mut bytes);
        if tag & 7 == 2 {
            let (content, rest) = bytes.split_at(value as usize);
            fields.insert(tag >> 3, content);
            bytes = rest;
        }
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        shift += 7;
        if *first < 0x80 {
            return value;
        }
    }
}
