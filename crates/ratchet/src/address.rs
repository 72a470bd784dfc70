//! Who a session is between, as far as messages say it: the newest clients put both addresses into
//! their first messages, and whoever finds other addresses than its own there refuses.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Prefix of a phone number identity in text.
const PNI_PREFIX: &str = "PNI:";

/// Places of the hyphens in the text form of a UUID.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// An account: the UUID of an account identity (ACI) or of a phone number identity (PNI).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId {
    kind: ServiceKind,
    uuid: [u8; 16],
}

/// Which of an account's two identities a [`ServiceId`] is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ServiceKind {
    /// The account itself.
    Account,
    /// The account as its telephone number.
    PhoneNumber,
}

impl ServiceId {
    /// Length of the fixed-width form: a kind byte and the UUID.
    pub const LENGTH: usize = 17;

    /// The service id of a UUID in text order.
    #[must_use]
    pub const fn new(kind: ServiceKind, uuid: [u8; 16]) -> Self {
        Self { kind, uuid }
    }

    /// The fixed-width form: kind byte, then the UUID in text order.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let ([kind, uuid @ ..], from) = (&mut bytes, self.uuid);
        *kind = match self.kind {
            ServiceKind::Account => 0,
            ServiceKind::PhoneNumber => 1,
        };
        *uuid = from;
        bytes
    }

    /// The UUID in text order: what names an account in a [`SafetyNumber`](crate::SafetyNumber).
    #[must_use]
    pub const fn uuid(&self) -> &[u8; 16] {
        &self.uuid
    }

    fn from_bytes([kind, uuid @ ..]: [u8; Self::LENGTH]) -> Option<Self> {
        let kind = match kind {
            0 => ServiceKind::Account,
            1 => ServiceKind::PhoneNumber,
            _ => return None,
        };
        Some(Self { kind, uuid })
    }
}

impl FromStr for ServiceId {
    type Err = AddressError;

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, with `PNI:` before it for a phone number
    /// identity. The prefix is case-sensitive, the digits are not.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (kind, uuid) = match text.strip_prefix(PNI_PREFIX) {
            Some(uuid) => (ServiceKind::PhoneNumber, uuid),
            None => (ServiceKind::Account, text),
        };
        parse_uuid(uuid).map(|uuid| Self { kind, uuid }).ok_or(AddressError::NotAServiceId)
    }
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut digits = Vec::with_capacity(32);
    for (at, character) in text.bytes().enumerate() {
        if HYPHENS.contains(&at) {
            if character != b'-' {
                return None;
            }
        } else {
            digits.push(u8::try_from(char::from(character).to_digit(16)?).ok()?);
        }
    }
    let mut uuid = [0; 16];
    for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    }
    Some(uuid)
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == ServiceKind::PhoneNumber {
            f.write_str(PNI_PREFIX)?;
        }
        for (at, byte) in self.uuid.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServiceId {
    /// Names a person, so only the kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceId({:?}, ..)", self.kind)
    }
}

/// One device of an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeviceAddress {
    service: ServiceId,
    device: u8,
}

impl DeviceAddress {
    /// # Errors
    /// When the device number is not within 1 to 127.
    pub const fn new(service: ServiceId, device: u8) -> Result<Self, AddressError> {
        if matches!(device, 1..=127) {
            Ok(Self { service, device })
        } else {
            Err(AddressError::DeviceOutOfRange { device })
        }
    }

    /// The account.
    #[must_use]
    pub const fn service(&self) -> ServiceId {
        self.service
    }

    /// The device's number, 1 to 127.
    #[must_use]
    pub const fn device(&self) -> u8 {
        self.device
    }
}

/// The two ends of a session, seen from one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addresses {
    /// This end.
    pub local: DeviceAddress,
    /// The other end.
    pub remote: DeviceAddress,
}

impl Addresses {
    pub(crate) const LENGTH: usize = 2 * (ServiceId::LENGTH + 1);

    /// What a message from this end carries: sender, then recipient.
    pub(crate) fn outgoing(&self) -> [u8; Self::LENGTH] {
        encode(&self.local, &self.remote)
    }

    /// What a message to this end must carry.
    pub(crate) fn incoming(&self) -> [u8; Self::LENGTH] {
        encode(&self.remote, &self.local)
    }

    /// Reads what [`Addresses::outgoing`] wrote.
    pub(crate) fn from_outgoing(bytes: &[u8; Self::LENGTH]) -> Option<Self> {
        let (local, rest) = bytes.split_first_chunk::<{ ServiceId::LENGTH + 1 }>()?;
        let [local @ .., local_device] = *local;
        let [remote @ .., remote_device] = *rest.first_chunk::<{ ServiceId::LENGTH + 1 }>()?;
        Some(Self {
            local: DeviceAddress::new(ServiceId::from_bytes(local)?, local_device).ok()?,
            remote: DeviceAddress::new(ServiceId::from_bytes(remote)?, remote_device).ok()?,
        })
    }

    /// A device talking to other devices of its own account.
    pub(crate) fn is_same_service(&self) -> bool {
        self.local.service == self.remote.service
    }
}

fn encode(from: &DeviceAddress, to: &DeviceAddress) -> [u8; Addresses::LENGTH] {
    let mut bytes = [0; Addresses::LENGTH];
    let parts = [from, to]
        .into_iter()
        .flat_map(|address| address.service.to_bytes().into_iter().chain(std::iter::once(address.device)));
    for (to, part) in bytes.iter_mut().zip(parts) {
        *to = part;
    }
    bytes
}

/// Why something is not an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not a UUID in its 36-character form, with or without `PNI:` before it.
    #[error(
        "not a service id: expected a hyphenated UUID, with `PNI:` before it for a phone number identity"
    )]
    NotAServiceId,
    /// Devices are numbered from 1 to 127.
    #[error("device number {device} is not within 1 to 127")]
    DeviceOutOfRange {
        /// The number.
        device: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACI: &str = "9d0652a3-dcc3-4d11-975f-74d61598733f";

    #[test]
    fn service_ids_read_back() {
        for text in [ACI.to_owned(), format!("PNI:{ACI}")] {
            assert_eq!(text.parse::<ServiceId>().unwrap().to_string(), text);
        }
        assert_eq!(ACI.parse::<ServiceId>(), ACI.to_uppercase().parse());
        let pni: ServiceId = format!("PNI:{ACI}").parse().unwrap();
        assert_eq!(hex::encode(pni.to_bytes()), "019d0652a3dcc34d11975f74d61598733f");
        assert_eq!(ServiceId::from_bytes(pni.to_bytes()), Some(pni));
    }

    #[test]
    fn other_forms_of_a_uuid_are_no_service_ids() {
        let bare = ACI.replace('-', "");
        let shifted = format!("{}-", ACI.replacen('-', "", 1));
        for text in [
            "",
            "alice",
            &bare,
            &shifted,
            &format!("pni:{ACI}"),
            &format!("{{{ACI}}}"),
            &ACI.replace('a', "é"),
        ] {
            assert_eq!(text.parse::<ServiceId>(), Err(AddressError::NotAServiceId), "{text}");
        }
    }

    #[test]
    fn devices_are_1_to_127() {
        let service: ServiceId = ACI.parse().unwrap();
        for device in [0, 128, 255] {
            assert_eq!(DeviceAddress::new(service, device), Err(AddressError::DeviceOutOfRange { device }));
        }
        assert_eq!(DeviceAddress::new(service, 127).unwrap().device(), 127);
    }

    #[test]
    fn what_one_end_sends_the_other_expects() {
        let address = |text: &str, device| DeviceAddress::new(text.parse().unwrap(), device).unwrap();
        let (a, b) = (address(ACI, 1), address(&format!("PNI:{ACI}"), 3));
        let here = Addresses { local: a, remote: b };
        assert_eq!(here.outgoing(), Addresses { local: b, remote: a }.incoming());
        assert_ne!(here.outgoing(), here.incoming());
        assert_eq!(Addresses::from_outgoing(&here.outgoing()), Some(here));
    }
}
