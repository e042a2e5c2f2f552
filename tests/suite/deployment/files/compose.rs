//! The compose file, and the script that makes its secrets.

use std::fs;
use std::path::Path;

use tokio::process::Command;

use super::{PROGRAM, check_arguments, check_setting, read, texts, yaml};
use crate::support::program::newbee;

#[tokio::test]
async fn the_compose_file_names_settings_commands_and_secrets_that_exist() {
    let path = "deploy/compose/compose.yaml";
    let compose = yaml(&[path]).await.remove(0).remove(0);
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.keys().collect::<Vec<_>>(), ["database", "migrate", "newbee"]);
    for (name, service) in services {
        let secrets = texts(&service["secrets"]);
        for secret in &secrets {
            assert!(compose["secrets"][secret].is_object(), "{name}: {secret} is no secret");
        }
        for (variable, value) in service["environment"].as_object().into_iter().flatten() {
            let value = value.as_str().expect("a text");
            if name != "database" {
                check_setting(variable, path);
            }
            if variable.ends_with("_FILE") {
                let secret = value.strip_prefix("/run/secrets/").expect("a secret");
                assert!(secrets.contains(&secret), "{name} has no secret {secret}");
            }
        }
        let test = texts(&service["healthcheck"]["test"]);
        if service["image"] == "newbee" {
            check_arguments(&texts(&service["command"]), path);
            if let [cmd, program, arguments @ ..] = &test[..] {
                assert_eq!((*cmd, *program), ("CMD", PROGRAM));
                check_arguments(arguments, path);
            }
        }
        for volume in texts(&service["volumes"])
            .into_iter()
            .filter(|volume| volume.starts_with('.'))
        {
            let file = Path::new("deploy/compose").join(volume.split(':').next().unwrap());
            assert!(file.is_file(), "{name}: {}", file.display());
        }
        for other in service["depends_on"]
            .as_object()
            .into_iter()
            .flat_map(|others| others.keys())
        {
            assert!(services.contains_key(other), "{name} depends on {other}");
        }
    }
    let build = &compose["services"]["migrate"]["build"];
    let context = Path::new("deploy/compose").join(build["context"].as_str().unwrap());
    assert!(context.join(build["dockerfile"].as_str().unwrap()).is_file());
}

#[tokio::test]
async fn the_secrets_of_the_compose_file_are_those_that_the_script_makes() {
    let compose = yaml(&["deploy/compose/compose.yaml"]).await.remove(0).remove(0);
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("make-secrets");
    fs::copy("deploy/compose/make-secrets", &script).unwrap();
    for time in ["first", "second"] {
        let made = Command::new("sh").arg(&script).output().await.unwrap();
        assert!(made.status.success(), "{time}: {made:?}");
    }
    for (name, secret) in compose["secrets"].as_object().unwrap() {
        let file = folder.path().join(secret["file"].as_str().unwrap());
        assert!(!read(file.to_str().unwrap()).trim().is_empty(), "{name}");
    }
    let file = |name: &str| folder.path().join("secrets").join(name);
    for role in ["owner", "app"] {
        let url = read(file(&format!("{role}_url")).to_str().unwrap());
        let password = read(file(&format!("{role}_password")).to_str().unwrap());
        assert!(url.starts_with(&format!("postgres://newbee_{role}:{}@database/", password.trim())));
    }
    // The configuration is valid: the host of the database is unknown only outside the network of the containers.
    let served = newbee()
        .args(["serve", "--listen", "127.0.0.1:0", "--database-wait", "0s"])
        .env("DATABASE_URL_FILE", file("app_url"))
        .env("NEWBEE_DRAW_KEY_FILE", file("draw_key"))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&served.stderr);
    assert_eq!(served.status.code(), Some(1), "{said}");
    assert!(
        said.contains("Cannot use the database newbee at database:5432"),
        "{said}"
    );
}
