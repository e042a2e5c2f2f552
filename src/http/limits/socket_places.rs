//! Places for WebSockets: in total, for clients without a session key, and per session key.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::LiveLimits;
use super::client_address::ClientAddress;
use super::shares::{Share, Shares};
use crate::http::error::HttpError;
use crate::messages::Message;

/// Hash of a key, stored in place of the key.
pub type KeyHash = [u8; 32];

/// Places of one endpoint.
pub struct SocketPlaces {
    all: Arc<Semaphore>,
    visitors: Arc<Semaphore>,
    of_address: Arc<Shares<ClientAddress>>,
    of_key: Arc<Shares<KeyHash>>,
    visitors_per_address: usize,
}

/// Place of one WebSocket. It counts for its address until the client has sent a valid session key.
pub struct SocketPlace {
    places: Arc<SocketPlaces>,
    _any: OwnedSemaphorePermit,
    held: Held,
}

enum Held {
    Unknown {
        _share: Share<ClientAddress>,
    },
    Visitor {
        _share: Share<ClientAddress>,
        _permit: OwnedSemaphorePermit,
    },
    Session {
        _share: Share<KeyHash>,
    },
    Nothing,
}

impl SocketPlaces {
    pub fn new(limits: &LiveLimits) -> Arc<Self> {
        Arc::new(Self {
            all: Arc::new(Semaphore::new(limits.sockets)),
            visitors: Arc::new(Semaphore::new(limits.sockets.div_ceil(2))),
            of_address: Shares::new(limits.visitor_sockets_per_address, usize::MAX),
            of_key: Shares::new(limits.sockets_per_key, usize::MAX),
            visitors_per_address: limits.visitor_sockets_per_address,
        })
    }

    /// Reserves a place for a WebSocket whose client is not identified yet.
    ///
    /// # Errors
    /// 429 if the address has too many WebSockets without a session key, 503 if all places are taken.
    pub fn open(self: &Arc<Self>, address: ClientAddress) -> Result<SocketPlace, HttpError> {
        let Some(share) = self.of_address.take(address, 1) else {
            let most = self.visitors_per_address;
            return Err(HttpError::too_many(format!(
                "This address has {most} WebSockets open without a session key. Close one, or send connection_init with a key."
            )));
        };
        let any = Arc::clone(&self.all).try_acquire_owned();
        Ok(SocketPlace {
            places: Arc::clone(self),
            _any: any.map_err(|_| HttpError::try_again(Message::TooMuchUnderWay))?,
            held: Held::Unknown { _share: share },
        })
    }
}

impl SocketPlace {
    /// Keeps the place for a client without a session key. Returns false if there are too many of them.
    pub fn keep_for_visitor(&mut self) -> bool {
        let Ok(permit) = Arc::clone(&self.places.visitors).try_acquire_owned() else {
            return false;
        };
        if let Held::Unknown { _share: share } = std::mem::replace(&mut self.held, Held::Nothing) {
            self.held = Held::Visitor {
                _share: share,
                _permit: permit,
            };
        }
        true
    }

    /// Keeps the place for a valid session key. Returns false if the key has too many WebSockets.
    pub fn keep_for_session(&mut self, key: KeyHash) -> bool {
        let Some(share) = self.places.of_key.take(key, 1) else {
            return false;
        };
        self.held = Held::Session { _share: share };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> ClientAddress {
        ClientAddress::V4([192, 0, 2, last])
    }

    #[test]
    fn visitors_leave_places_for_sessions() {
        let places = SocketPlaces::new(&LiveLimits {
            sockets: 4,
            visitor_sockets_per_address: 2,
            sockets_per_key: 1,
            ..LiveLimits::default()
        });
        let mut visitors: Vec<_> = (0..2).map(|_| places.open(address(1)).expect("a place")).collect();
        assert!(places.open(address(1)).is_err(), "a third from one address");
        assert!(visitors.iter_mut().all(SocketPlace::keep_for_visitor));
        let mut third = places.open(address(2)).expect("a place");
        assert!(!third.keep_for_visitor(), "half of the places are for sessions");
        assert!(third.keep_for_session([7; 32]));
        let mut fourth = places.open(address(2)).expect("a place");
        assert!(!fourth.keep_for_session([7; 32]), "a second socket with one key");
        assert!(fourth.keep_for_session([8; 32]));
        assert!(places.open(address(3)).is_err(), "all are taken");
        drop(visitors);
        assert!(places.open(address(1)).is_ok(), "given back");
    }
}
