//! Identifiers. `Debug` of anything that could name a person shows nothing, so that no log line,
//! span or panic can (invariant 9); the digits come out only where the code asks for them by name.

use std::fmt;
use std::str::FromStr;

/// A telephone number in E.164 form: 7 to 15 digits, the first not zero, without `+`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u64);

/// A text or integer is not an identifier of the kind that was expected.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// Not 7 to 15 digits, or a leading zero.
    #[error("not a telephone number: want 7 to 15 digits with country code, without leading zero")]
    Number,
    /// Outside 1..=127 (Signal device ids are one byte with the top bit clear).
    #[error("not a device id: want 1 to 127")]
    Device,
    /// Not 16 bytes.
    #[error("not an envelope id: want 16 bytes")]
    Envelope,
    /// Not 32 bytes.
    #[error("not a blob's name: want 32 bytes")]
    Blob,
    /// Not 32 bytes, or not 64 hex digits.
    #[error("not a link key: want 64 hex digits")]
    LinkKey,
}

impl Number {
    const SMALLEST: u64 = 1_000_000;
    const LARGEST: u64 = 999_999_999_999_999;

    /// A number from its digits read as an integer.
    ///
    /// # Errors
    /// [`IdError::Number`] if there are fewer than 7 or more than 15 digits.
    pub const fn from_integer(digits: u64) -> Result<Self, IdError> {
        if digits < Self::SMALLEST || digits > Self::LARGEST {
            Err(IdError::Number)
        } else {
            Ok(Self(digits))
        }
    }

    /// The digits read as an integer.
    pub const fn as_integer(self) -> u64 {
        self.0
    }

    /// The digits as text: this names a person, so mind where it goes.
    pub fn digits(self) -> String {
        self.0.to_string()
    }

    /// The ITU-T E.164 country calling code that the number starts with, 1 to 3 digits.
    pub fn country_calling_code(self) -> u32 {
        let mut head = self.0;
        while head > 999 {
            head /= 10;
        }
        let (one, two) = (head / 100, head / 10);
        let code = match two {
            _ if one == 1 || one == 7 => one,
            20
            | 27
            | 30..=34
            | 36
            | 39
            | 40
            | 41
            | 43..=49
            | 51..=58
            | 60..=66
            | 81
            | 82
            | 84
            | 86
            | 90..=95
            | 98 => two,
            _ => head,
        };
        u32::try_from(code).unwrap_or(0)
    }
}

impl FromStr for Number {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(IdError::Number);
        }
        Self::from_integer(text.parse().map_err(|_| IdError::Number)?)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(…)")
    }
}

/// One device of a number, 1 to 127.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(u8);

impl DeviceId {
    /// The only device of a consumer so far, and of every business number.
    pub const PRIMARY: Self = Self(1);

    /// A device id.
    ///
    /// # Errors
    /// [`IdError::Device`] outside 1..=127.
    pub fn new(id: u32) -> Result<Self, IdError> {
        match u8::try_from(id) {
            Ok(id @ 1..=127) => Ok(Self(id)),
            _ => Err(IdError::Device),
        }
    }

    /// The id as a number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceId(…)")
    }
}

/// Where an envelope comes from or goes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Whose it is.
    pub number: Number,
    /// On which of their devices.
    pub device: DeviceId,
}

impl Address {
    /// The primary device of `number`.
    pub const fn primary(number: Number) -> Self {
        Self { number, device: DeviceId::PRIMARY }
    }

    /// Nine bytes, ordered as addresses are: a row key.
    pub fn to_key(self) -> [u8; 9] {
        let mut key = [self.device.get(); 9];
        for (to, from) in key.iter_mut().zip(self.number.0.to_be_bytes()) {
            *to = from;
        }
        key
    }

    /// Reads [`to_key`](Self::to_key) back.
    ///
    /// # Errors
    /// [`IdError`] if it isn't one.
    pub fn from_key(key: &[u8]) -> Result<Self, IdError> {
        let (number, device) = key.split_first_chunk::<8>().ok_or(IdError::Number)?;
        let [device] = device else { return Err(IdError::Device) };
        Ok(Self {
            number: Number::from_integer(u64::from_be_bytes(*number))?,
            device: DeviceId::new(u32::from(*device))?,
        })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// Names one envelope; 16 bytes that its sender drew at random, and that say nothing about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvelopeId(pub [u8; 16]);

impl TryFrom<&[u8]> for EnvelopeId {
    type Error = IdError;
    fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
        bytes.try_into().map(Self).map_err(|_| IdError::Envelope)
    }
}

impl fmt::Debug for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvelopeId(…)")
    }
}

/// Names one blob; 32 bytes that its sender drew at random, so that who knows them has been told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 32]);

impl TryFrom<&[u8]> for BlobId {
    type Error = IdError;
    fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
        bytes.try_into().map(Self).map_err(|_| IdError::Blob)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobId(…)")
    }
}

/// The Ed25519 public key that a connection was authenticated with: who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey(pub [u8; 32]);

impl fmt::Display for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "LinkKey({a:02x}{b:02x}…)")
    }
}

impl TryFrom<&[u8]> for LinkKey {
    type Error = IdError;
    fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
        bytes.try_into().map(Self).map_err(|_| IdError::LinkKey)
    }
}

impl FromStr for LinkKey {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(IdError::LinkKey);
        }
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| IdError::LinkKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| IdError::LinkKey)?;
        }
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_e164_and_nothing_else() {
        assert_eq!("491512345678".parse::<Number>().unwrap().digits(), "491512345678");
        for bad in
            ["", "+4915123456", "0491512345", "123456", "1234567890123456", "49151x3456", "４９１５１２３４"]
        {
            assert_eq!(bad.parse::<Number>(), Err(IdError::Number), "{bad}");
        }
    }

    #[test]
    fn country_calling_codes_have_one_to_three_digits() {
        for (number, code) in
            [("16505551234", 1), ("491512345678", 49), ("35312345678", 353), ("79161234567", 7)]
        {
            assert_eq!(number.parse::<Number>().unwrap().country_calling_code(), code);
        }
    }

    #[test]
    fn debug_names_nobody() {
        let address = Address::primary("491512345678".parse().unwrap());
        let shown =
            format!("{address:?} {:?} {:?} {:?}", address.number, address.device, EnvelopeId([7; 16]));
        let shown = format!("{shown} {:?}", BlobId([7; 32]));
        assert!(!shown.chars().any(|c| c.is_ascii_digit()), "{shown}");
    }

    #[test]
    fn keys_read_back() {
        let address = Address { number: "16505551234".parse().unwrap(), device: DeviceId::new(3).unwrap() };
        assert_eq!(Address::from_key(&address.to_key()), Ok(address));
        assert_eq!(Address::from_key(&[0; 9]), Err(IdError::Number));
        assert_eq!(Address::from_key(&[1; 8]), Err(IdError::Device));
        let key = LinkKey([0xa5; 32]);
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!("a5".parse::<LinkKey>(), Err(IdError::LinkKey));
    }
}
