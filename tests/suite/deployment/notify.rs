//! Messages to the service manager, received as systemd receives them.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use crate::support::PATIENCE;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, serve};

fn received(socket: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let length = socket.recv(&mut message).expect("a message");
    String::from_utf8_lossy(&message[..length]).into_owned()
}

async fn tells_of_its_start_and_end(database: &TestDatabase, socket: UnixDatagram, name: &str) {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = serve(database, &["--scheduler", "off"]);
    command.env("NOTIFY_SOCKET", name);
    let program = Program::start(command).await;
    assert_eq!(received(&socket), "READY=1");
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 256]).is_err(), "nothing more while it serves");
    socket.set_nonblocking(false).unwrap();
    program.terminate().await;
    assert_eq!(received(&socket), "STOPPING=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_learns_when_a_process_serves_and_stops() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    tells_of_its_start_and_end(&database, socket, path.to_str().unwrap()).await;

    let name = format!("newbee-test-notify-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    tells_of_its_start_and_end(&database, socket, &format!("@{name}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_that_has_gone_is_only_logged() {
    let database = TestDatabase::create().await;
    let mut command = serve(&database, &["--scheduler", "off"]);
    command.env("NOTIFY_SOCKET", "/no/such/socket");
    let program = Program::start(command).await;
    let log = program.terminate().await;
    assert!(log.contains("the service manager cannot be notified"), "{log}");
}
