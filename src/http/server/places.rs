//! Places for connections and their open requests, in total and per peer.

use std::net::IpAddr;
use std::sync::Arc;

use crate::http::limits::ServeLimits;
use crate::http::limits::shares::{Share, Shares};
use crate::http::middleware::rate_limit::{ClientAddress, TrustedProxies};

/// Places of one listener. Trusted proxies carry the connections of many clients, and only count towards the total.
pub struct Places {
    proxies: TrustedProxies,
    all: Arc<Shares<()>>,
    of_peers: Arc<Shares<ClientAddress>>,
    requests: Arc<Shares<ClientAddress>>,
}

/// Place of one connection.
pub struct Place {
    _any: Share<()>,
    _of_peer: Option<Share<ClientAddress>>,
    requests: Option<PeerRequests>,
}

/// Open requests of a peer over all its connections.
#[derive(Clone)]
pub struct PeerRequests {
    address: ClientAddress,
    requests: Arc<Shares<ClientAddress>>,
}

impl Places {
    pub fn new(limits: &ServeLimits) -> Self {
        Self {
            proxies: TrustedProxies::new(limits.trusted_proxies.clone()),
            all: Shares::new(limits.connections, limits.connections),
            of_peers: Shares::new(limits.connections_per_address, usize::MAX),
            requests: Shares::new(limits.requests_per_address, usize::MAX),
        }
    }

    /// Reserves a place for a connection from a peer; `None` if the limit of the peer or the total is reached.
    pub fn take(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let any = self.all.take((), 1)?;
        if self.proxies.include(peer) {
            return Some(Place {
                _any: any,
                _of_peer: None,
                requests: None,
            });
        }
        let address = ClientAddress::from(peer);
        let of_peer = self.of_peers.take(address, 1)?;
        Some(Place {
            _any: any,
            _of_peer: Some(of_peer),
            requests: Some(PeerRequests {
                address,
                requests: Arc::clone(&self.requests),
            }),
        })
    }
}

impl Place {
    /// Returns the counter of the peer's open requests; `None` for a trusted proxy.
    pub fn requests(&self) -> Option<PeerRequests> {
        self.requests.clone()
    }
}

impl PeerRequests {
    /// Counts a request until the share is dropped; `None` if the limit is reached.
    pub fn begin(&self) -> Option<Share<ClientAddress>> {
        self.requests.take(self.address, 1)
    }
}
