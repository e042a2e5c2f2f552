use crate::clock::Clock;
use crate::config::*;
#[derive(clap::Args, Debug)]
pub struct DemoArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub business: BusinessArgs,
}
pub async fn run(args: DemoArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let o = args.database.read(&mut problems).unwrap();
    let z = args.business.read(&mut problems).unwrap();
    super::database::apply_migrations(&o).await?;
    let c = crate::domain::business_day::Calendar::new(z);
    let p = super::database::open(&o).await?;
    println!("{:?}", crate::demo::prepare(&p, c, c.moment(clock.now())).await?);
    Ok(())
}
