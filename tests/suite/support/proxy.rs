//! A proxy between newbee and Postgres that falls silent, refuses or changes settings, inserts messages, or loses completions.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A proxy in front of a test's Postgres. It ends when it is dropped.
pub struct DatabaseProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    _end: DropGuard,
}

/// Directions in which bytes are swallowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    FromServer = 1,
    ToServer = 2,
    Both = 3,
}

/// Changes that the proxy makes to every connection.
#[derive(Default)]
pub struct Tampering {
    /// Drops the statements that set limits.
    pub drop_limits: bool,
    /// Answers a startup message that has `options` with an error, as PgBouncer does by default.
    pub refuse_options: bool,
    /// Inserts a NotificationResponse before the completion of commands with this tag.
    pub notify_before: Option<&'static str>,
    /// Closes the connection instead of passing the completion of commands with this tag on: the server has done the work.
    pub cut_before: Option<&'static str>,
}

impl Tampering {
    /// The tag of the commands whose completion is tampered with.
    fn tag(&self) -> Option<&'static str> {
        self.notify_before.or(self.cut_before)
    }
}

#[derive(Default)]
struct Shared {
    server: Server,
    tampering: Tampering,
    /// The silence of each connection that was accepted.
    connections: Mutex<Vec<Arc<AtomicU8>>>,
    /// Numbers of completions that may still be tampered with, and that were.
    allowed: AtomicUsize,
    tampered: AtomicUsize,
}

#[derive(Default)]
enum Server {
    Socket(PathBuf),
    Address(String),
    #[default]
    Unknown,
}

impl DatabaseProxy {
    /// A proxy in front of the server that `options` name.
    pub async fn start(options: &PgConnectOptions, tampering: Tampering) -> Self {
        let server = match options.get_socket() {
            Some(folder) => Server::Socket(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
            None => Server::Address(format!("{}:{}", options.get_host(), options.get_port())),
        };
        let shared = Arc::new(Shared {
            server,
            tampering,
            ..Shared::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let end = CancellationToken::new();
        tokio::spawn({
            let (shared, end) = (Arc::clone(&shared), end.clone());
            async move {
                while let Some(Ok((client, _))) = end.run_until_cancelled(listener.accept()).await {
                    let (shared, end) = (Arc::clone(&shared), end.clone());
                    tokio::spawn(async move { end.run_until_cancelled(relay(client, &shared)).await });
                }
            }
        });
        Self {
            address,
            shared,
            _end: end.drop_guard(),
        }
    }

    /// Options of connections through the proxy.
    pub fn options(&self, database: &PgConnectOptions) -> PgConnectOptions {
        let url = format!("postgres://{}@{}/x", database.get_username(), self.address);
        let options: PgConnectOptions = url.parse().expect("an address");
        options
            .database(database.get_database().expect("a database"))
            .ssl_mode(PgSslMode::Disable)
    }

    /// A DATABASE_URL that leads through it.
    pub fn url(&self, database: &PgConnectOptions) -> String {
        format!(
            "postgres://{}@{}/{}?sslmode=disable",
            database.get_username(),
            self.address,
            database.get_database().expect("a database")
        )
    }

    /// Makes all connections that are open now silent; later ones work.
    pub fn silence(&self, silence: Silence) {
        for connection in self.shared.connections.lock().unwrap().iter() {
            connection.store(silence as u8, Ordering::SeqCst);
        }
    }

    /// Number of connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.connections.lock().unwrap().len()
    }

    /// From now on, tampers with the next `count` completions.
    pub fn tamper_with(&self, count: usize) {
        self.shared.allowed.store(count, Ordering::SeqCst);
    }

    /// Number of completions tampered with so far.
    pub fn tampered(&self) -> usize {
        self.shared.tampered.load(Ordering::SeqCst)
    }
}

async fn relay(client: TcpStream, shared: &Shared) {
    match &shared.server {
        Server::Socket(path) => {
            let server = UnixStream::connect(path).await.expect("Postgres listens");
            let (from_server, to_server) = server.into_split();
            relay_between(client, from_server, to_server, shared).await;
        }
        Server::Address(address) => {
            let server = TcpStream::connect(address).await.expect("Postgres listens");
            let (from_server, to_server) = server.into_split();
            relay_between(client, from_server, to_server, shared).await;
        }
        Server::Unknown => unreachable!("a proxy has a server"),
    }
}

async fn relay_between(
    client: TcpStream,
    mut from_server: impl AsyncRead + Unpin,
    mut to_server: impl AsyncWrite + Unpin,
    shared: &Shared,
) {
    let silence = Arc::new(AtomicU8::new(0));
    shared.connections.lock().unwrap().push(Arc::clone(&silence));
    let (mut from_client, mut to_client) = client.into_split();
    let Some(startup) = read_startup(&mut from_client).await else {
        return;
    };
    if shared.tampering.refuse_options && has_options(&startup) {
        let _ = to_client.write_all(&refusal()).await;
        return;
    }
    if to_server.write_all(&startup).await.is_err() {
        return;
    }
    let forth = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(1..) = pass(
            &mut from_client,
            &mut to_server,
            &silence,
            Silence::ToServer,
            &mut buffer,
            shared.tampering.drop_limits,
        )
        .await
        {}
    };
    let back = async {
        if shared.tampering.tag().is_some() {
            while pass_message(&mut from_server, &mut to_client, shared).await.is_some() {}
        } else {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(1..) = pass(
                &mut from_server,
                &mut to_client,
                &silence,
                Silence::FromServer,
                &mut buffer,
                false,
            )
            .await
            {}
        }
    };
    // A silent connection stays open on the client's side even when the server closes it.
    tokio::select! {
        () = forth => {}
        () = back => {
            if silence.load(Ordering::SeqCst) != 0 {
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    silence: &AtomicU8,
    direction: Silence,
    buffer: &mut [u8],
    drops_limits: bool,
) -> std::io::Result<usize> {
    let read = from.read(buffer).await?;
    if drops_limits {
        drop_limits(&mut buffer[..read]);
    }
    if silence.load(Ordering::SeqCst) & direction as u8 == 0 {
        to.write_all(&buffer[..read]).await?;
    }
    Ok(read)
}

/// Passes one message of the server on, after a notification where one is due; `None` at the connection's end.
async fn pass_message(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    shared: &Shared,
) -> Option<()> {
    let mut head = [0; 5];
    from.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes(head[1..].try_into().expect("four bytes")) as usize;
    let mut body = vec![0; length - 4];
    from.read_exact(&mut body).await.ok()?;
    let tag = shared.tampering.tag().unwrap_or_default();
    let one_less = |left: usize| left.checked_sub(1);
    if head[0] == b'C'
        && body.starts_with(tag.as_bytes())
        && shared
            .allowed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
    {
        shared.tampered.fetch_add(1, Ordering::SeqCst);
        if shared.tampering.cut_before.is_some() {
            return None;
        }
        to.write_all(b"A\0\0\0\x11\0\0\0\x01channel\0\0").await.ok()?;
    }
    to.write_all(&head).await.ok()?;
    to.write_all(&body).await.ok()
}

async fn read_startup(from: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await.ok()?;
    let mut message = length.to_vec();
    message.resize(u32::from_be_bytes(length) as usize, 0);
    from.read_exact(&mut message[4..]).await.ok()?;
    Some(message)
}

/// The parameters of a startup message, as bytes that alternate between names and values.
fn parameters(startup: &[u8]) -> Vec<&[u8]> {
    startup[8..].split(|byte| *byte == 0).collect()
}

fn has_options(startup: &[u8]) -> bool {
    parameters(startup).chunks(2).any(|pair| pair[0] == b"options")
}

/// Replaces the setting in each `set …_timeout = 5000`, and `synchronous_commit`, by another one, whose name has the same
/// length.
fn drop_limits(statements: &mut [u8]) {
    const SETTINGS: [&[u8]; 2] = [b"_timeout = ", b"_commit = "];
    const OTHER: &[u8] = b"newbee.";
    for end in 0..statements.len() {
        if SETTINGS.iter().any(|setting| statements[end..].starts_with(setting))
            && let Some(space) = statements[..end].iter().rposition(|byte| *byte == b' ')
        {
            statements[space + 1..][..OTHER.len()].copy_from_slice(OTHER);
        }
    }
}

fn refusal() -> Vec<u8> {
    let fields = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
    let length = u32::try_from(fields.len() + 4).expect("a short message").to_be_bytes();
    [&b"E"[..], &length, fields].concat()
}
