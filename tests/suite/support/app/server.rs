//! A server of an app, on a free port.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use newbee::app::{App, ClientRules, DemoKeys};
use newbee::config::AccessSettings;
use newbee::http::{self, RequestLimits, ServeLimits};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::within;

pub struct Server {
    pub address: SocketAddr,
    pub shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    pub async fn start(app: &App, requests: RequestLimits, access: &AccessSettings, connections: ServeLimits) -> Self {
        let shutdown = CancellationToken::new();
        let router = app.router(
            DemoKeys::Refused,
            shutdown.clone(),
            requests,
            access,
            ClientRules::default(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let running = tokio::spawn(http::serve(listener, router, shutdown.clone(), connections));
        Self {
            address,
            shutdown,
            running,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Shuts down in order, and returns how long that took.
    pub async fn stop(self) -> Duration {
        let began = Instant::now();
        self.shutdown.cancel();
        let ended = within("the server ends", self.running).await;
        ended.expect("no panic").expect("an orderly end");
        began.elapsed()
    }
}
