//! The wire: a relay of datagrams on loopback that keeps a copy of each, as anybody on the way could.

use super::LiveError;
use super::child::Gathered;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;

/// The longest datagram that there is.
const LONGEST: usize = 65_536;

/// What went over the wire, by direction.
#[derive(Clone, Default)]
pub(super) struct Packets {
    pub(super) to_relay: Gathered,
    pub(super) from_relay: Gathered,
}

impl Packets {
    /// Carries datagrams between whoever sends to the returned address and `relay`, for as long as the runtime runs.
    pub(super) async fn carry(&self, relay: SocketAddr) -> Result<SocketAddr, LiveError> {
        let front = Arc::new(bind().await?);
        let address = front.local_addr().map_err(LiveError::Socket)?;
        let packets = self.clone();
        tokio::spawn(async move {
            let mut endpoints: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
            let mut buffer = vec![0; LONGEST];
            loop {
                // An error here is of a datagram before: nobody listens there any more.
                let Ok((length, from)) = front.recv_from(&mut buffer).await else { continue };
                let datagram = buffer.get(..length).unwrap_or_default();
                packets.to_relay.add(datagram);
                let back = match endpoints.entry(from) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let Ok(back) = bind().await else { return };
                        let back = Arc::new(back);
                        tokio::spawn(packets.clone().return_to(from, Arc::clone(&front), Arc::clone(&back)));
                        new.insert(back)
                    }
                };
                let _ = back.send_to(datagram, relay).await;
            }
        });
        Ok(address)
    }

    async fn return_to(self, endpoint: SocketAddr, front: Arc<UdpSocket>, back: Arc<UdpSocket>) {
        let mut buffer = vec![0; LONGEST];
        loop {
            let Ok((length, _)) = back.recv_from(&mut buffer).await else { continue };
            let datagram = buffer.get(..length).unwrap_or_default();
            self.from_relay.add(datagram);
            let _ = front.send_to(datagram, endpoint).await;
        }
    }
}

async fn bind() -> Result<UdpSocket, LiveError> {
    UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.map_err(LiveError::Socket)
}
