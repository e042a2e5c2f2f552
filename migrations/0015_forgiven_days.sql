-- Days without a sign-in that do not end a streak: bridged for all users, made up by a user, or covered by a freeze.

-- Days of an outage of ours. A bridged day neither ends a streak nor counts in it.
create table bridged_days (
    day        date primary key,
    reason     text not null,
    bridged_by text not null check (char_length(bridged_by) between 1 and 100),
    bridged_at timestamptz not null
);
create trigger bridged_days_are_kept before update or delete on bridged_days for each row
    execute function refuse_change('streaks rely on the bridged days: a day stays bridged');
create trigger bridged_days_are_not_truncated before truncate on bridged_days
    execute function refuse_change('streaks rely on the bridged days: a day stays bridged');
-- Processes keep these days with their copy of the rules.
create trigger bridged_days_count_as_change after insert on bridged_days
    for each statement execute function count_rule_change();

-- Days of one user. A made-up day counts in its streak like a sign-in; a frozen day does not count.
create table covered_days (
    user_id      bigint not null,
    day          date not null,
    made_up_at   timestamptz,                                 -- null: covered by a freeze
    made_up_on   date check (made_up_on > day),               -- business day of that time
    rule_version integer,                                     -- version of the rule sign_in by which it was made up
    primary key (user_id, day),
    constraint made_up_as_a_whole check (num_nonnulls(made_up_at, made_up_on, rule_version) in (0, 3))
);
-- The freeze of a day that is bridged later is given back.
create trigger made_up_days_are_kept before update or delete on covered_days for each row
    when (old.made_up_at is not null)
    execute function refuse_change('a made-up day stays made up');
create trigger covered_days_are_not_truncated before truncate on covered_days
    execute function refuse_change('streaks rely on the covered days');

-- The sign-in that continues a streak beyond missed days records those that its freezes cover. Most sign-ins follow the
-- day before and fire nothing.
create function keep_frozen_days() returns trigger language plpgsql as $$
begin
    insert into covered_days (user_id, day)
    select new.user_id, old.last_sign_in + n from generate_series(1, new.last_sign_in - old.last_sign_in - 1) n
    where not exists (select 1 from bridged_days b where b.day = old.last_sign_in + n)
    on conflict do nothing;
    return null;
end $$;
create trigger award_feeds_keep_frozen_days after update on award_feeds for each row
    when (new.last_sign_in > old.last_sign_in and new.skipped_days > coalesce(old.skipped_days, 0))
    execute function keep_frozen_days();

-- Days that belong to streaks of a user, and whether they count in the length. A day can occur more than once.
create function streak_days(of_user bigint) returns table (day date, counts boolean) stable language sql as $$
    select a.business_day, true from awards a where a.user_id = of_user and a.award_type = 'DAILY' and a.item = 'sign_in'
    union all
    select i.last_day - back, true from imported_streaks i cross join generate_series(0, i.streak_length - 1) back
    where i.user_id = of_user
    union all
    select c.day, c.made_up_at is not null from covered_days c where c.user_id = of_user
    union all
    select b.day, false from bridged_days b
$$;

-- The streak of a user that contains a day, according to these days: from its first to its last day that counts.
create function streak_around(of_user bigint, of_day date)
returns table (first_day date, last_day date, length integer, skipped integer) stable language sql as $$
    with days as (
        select d.day, bool_or(d.counts) as counts, d.day - row_number() over (order by d.day)::integer as run
        from streak_days(of_user) d group by d.day
    ),
    around as (select d.day, d.counts from days d where d.run = (select o.run from days o where o.day = of_day)),
    ends as (select min(a.day) as first_day, max(a.day) as last_day from around a where a.counts)
    select e.first_day, e.last_day, count(*) filter (where a.counts)::integer, count(*) filter (where not a.counts)::integer
    from ends e join around a on a.day between e.first_day and e.last_day
    group by e.first_day, e.last_day
$$;

select require_sane_values();
