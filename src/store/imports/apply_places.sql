with batch as materialized (
    select l.seq, l.user_id, k.campaign_id, c.*
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as c (campaign_key text, reserved_at timestamptz, cancelled_at timestamptz)
    left join reservation_campaigns k using (campaign_key)
    where l.kind = 'place' and l.state is null and l.seq > $1
    order by l.seq limit $2
),
made as (
    insert into reservations (user_id, campaign_id, reserved_at, cancelled_at)
    select user_id, campaign_id, reserved_at, cancelled_at from batch where campaign_id is not null order by user_id, campaign_id
    on conflict do nothing
    returning user_id, campaign_id, cancelled_at
),
counted as (
    update reservation_campaigns c set reserved_count = c.reserved_count + m.places
    from (select campaign_id, count(*) as places from made where cancelled_at is null group by campaign_id) m
    where c.campaign_id = m.campaign_id
),
missed as (
    update import_lines l set state = 'refused', reason = 'The campaign is not imported, or the user reserved meanwhile.'
    from batch b
    where b.seq = l.seq and not exists (select from made m where (m.user_id, m.campaign_id) = (b.user_id, b.campaign_id))
    returning l.seq
)
select max(seq) as last, (select count(*) from made) as made, (select count(*) from missed) as missed from batch
