use crate::clock::Clock;
use crate::config::*;
#[derive(clap::Args, Debug)]
pub struct ServeArgs {
    #[command(flatten)]
    pub server: ServerArgs,
}
pub async fn run(_: ServeArgs, _: Problems, _: Clock) -> anyhow::Result<()> {
    Ok(())
}
