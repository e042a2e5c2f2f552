with batch as materialized (
    select l.seq, l.user_id, c.*, c.last_day - c.length - coalesce(c.skipped_days, 0) as day_before
    from import_lines l cross join lateral jsonb_to_record(l.content) as c (last_day date, length integer, skipped_days integer,
                                                                                    freezes integer, best_streak integer)
    where l.kind = 'streak' and l.state is null and l.seq > $1
    order by l.seq limit $2
),
made as (
    insert into award_feeds as f (user_id, last_change, last_sign_in, streak_length, skipped_days, freezes, best_streak)
    select user_id, 0, last_day, length, skipped_days, freezes, best_streak from batch order by user_id
    on conflict (user_id) do update
    set last_sign_in = excluded.last_sign_in, streak_length = excluded.streak_length, skipped_days = excluded.skipped_days,
        freezes = excluded.freezes, best_streak = excluded.best_streak
    where f.last_sign_in is null
    returning user_id
),
-- Days of the streak that no sign-in proves.
imported as (
    insert into imported_streaks (user_id, last_day, streak_length)
    select b.user_id, b.last_day, b.length
    from batch b join made using (user_id)
    cross join lateral (
        select count(*) as days from (
            select business_day from awards
            where user_id = b.user_id and award_type = 'DAILY' and item = 'sign_in'
              and business_day > b.day_before and business_day <= b.last_day
            union
            select day from covered_days
            where user_id = b.user_id and made_up_at is not null and day > b.day_before and day <= b.last_day
            union
            select i.last_day - back from imported_streaks i cross join generate_series(0, i.streak_length - 1) back
            where i.user_id = b.user_id and i.last_day - back > b.day_before and i.last_day - back <= b.last_day
        ) known
    ) k
    where k.days < b.length
    on conflict (user_id) do nothing
),
missed as (
    update import_lines l set state = 'refused', reason = 'The user signed in meanwhile. Run the import again.'
    from batch b where b.seq = l.seq and b.user_id not in (select user_id from made)
    returning l.seq
)
select max(seq) as last, (select count(*) from made) as made, (select count(*) from missed) as missed from batch
