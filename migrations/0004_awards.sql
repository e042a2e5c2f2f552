-- Awards, and dependent data by user: the feed of changes, daily limits, results of repeated task reports.

create type award_status as enum ('PENDING', 'SETTLED', 'REVERSED', 'VOID');

-- One sequence, asked on the node that receives the statement: ids are unique and ascend with time.
create sequence award_ids as bigint;

-- Three b-trees, and only the primary key is written at a random place: the key awards_once begins with the day for
-- what is earned daily, and awards_pending holds only what is not settled yet.
create table awards (
    user_id      bigint not null,
    award_id     bigint not null default nextval('award_ids'),
    changed_in   bigint not null default 0,                   -- number of its last change, see award_feeds; 0: before newbee
    settles_at   timestamptz not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    business_day date not null,
    -- Day within which the award is unique; 1900-01-01: unique for all time.
    once_day     date not null generated always as (
                     case when award_type in ('DAILY', 'BONUS') and source not like '%:once' then business_day
                          else date '1900-01-01' end) stored,
    rule_version integer,
    award_type   award_type not null,
    status       award_status not null default 'PENDING',
    amount       numeric(20,4) not null check (amount > 0),
    source       text not null,                               -- the item, 'import', or ITEM:once if a target counts once
    source_key   text not null,                               -- unique per user, source and once_day: a target, a key, or ''
    item         text not null,
    coin_id      text not null check (char_length(coin_id) between 1 and 32),
    target_id    text check (char_length(target_id) between 1 and 64),
    recorded_by  text check (char_length(recorded_by) between 1 and 100),   -- null: the user's own action
    settle_error text,                                        -- parked: the error of settlement
    primary key (user_id, award_id),
    constraint awards_once unique (once_day, user_id, source, source_key),
    constraint paid_by_a_rule_or_a_campaign check ((rule_version is null) = (award_type in ('WORD', 'RESERVATION', 'GRANT')))
) with (fillfactor = 90);
-- For the sweep of settlement, by user, so that neighbouring users share the pages of every index that it writes; also
-- for a user's pending sum. It includes settles_at, so that awards that are not due are skipped without reading their
-- rows.
create index awards_pending on awards (user_id, award_id) include (settles_at) where status = 'PENDING';
-- A bonus is paid once per first day and length of a streak, which are its source_key, on whatever day that length is
-- reached: a streak that is mended later may reach a length again. Only bonuses write this index.
create unique index bonuses_once on awards (user_id, source, source_key) where award_type = 'BONUS';
-- Parked awards are few, and queried by operators and metrics.
create index awards_parked on awards (award_id) where settle_error is not null;
-- Rows are inserted in the order of time, so a few pages of these indexes cover the awards of a day, or an id.
create index awards_of_day on awards using brin (business_day) with (pages_per_range = 16, autosummarize = on);
create index awards_of_id on awards using brin (award_id int8_minmax_multi_ops) with (pages_per_range = 16, autosummarize = on);

-- One exception: the awards of an erased user lose the targets and keys that the host application reported.
create function refuse_change_of_award() returns trigger language plpgsql as $$
declare
    texts text[] := '{target_id,source_key,once_day}';        -- once_day is not computed yet
begin
    if to_jsonb(new) - texts = to_jsonb(old) - texts
       and new.target_id is null and new.source_key in (old.source_key, 'erased:' || old.award_id)
       and exists (select 1 from users where user_id = old.user_id and erased_at is not null) then
        return new;
    end if;
    raise exception 'newbee: an award only moves PENDING to SETTLED to REVERSED, or PENDING to VOID (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger awards_move_legally before update on awards for each row
    when ((old.user_id, old.award_id, old.source, old.source_key, old.item, old.award_type, old.rule_version, old.amount,
           old.coin_id, old.target_id, old.business_day, old.created_at, old.recorded_by)
          is distinct from
          (new.user_id, new.award_id, new.source, new.source_key, new.item, new.award_type, new.rule_version, new.amount,
           new.coin_id, new.target_id, new.business_day, new.created_at, new.recorded_by)
          or not (new.status = old.status or (old.status = 'PENDING' and new.status in ('SETTLED', 'VOID'))
                  or (old.status = 'SETTLED' and new.status = 'REVERSED')))
    execute function refuse_change_of_award();
create trigger awards_number_their_changes before update on awards for each row
    when (new.changed_in <= old.changed_in
          and (old.status, old.settles_at, old.updated_at) is distinct from (new.status, new.settles_at, new.updated_at))
    execute function refuse_change('a change of an award has a new number of its feed');
create trigger awards_begin_pending before insert on awards for each row
    when (new.status <> 'PENDING' and new.source <> 'import' and not is_import())
    execute function refuse_change('an award begins PENDING: settlement pays it');
create trigger awards_are_kept before delete on awards for each row
    execute function refuse_change('awards are never deleted');
create trigger awards_are_not_truncated before truncate on awards
    execute function refuse_change('awards are never deleted');

-- A closed day accepts no more awards: its totals are final. An insert that reaches this trigger comes from a process
-- with a wrong clock or time zone, or one that was suspended during the closing. Imports are exempt: they contain
-- history.
create function refuse_awards_of_closed_days() returns trigger language plpgsql as $$
declare
    -- Apart from business_days, because Citus does not plan a statement that also reads new rows.
    days date[] := (select array_agg(distinct business_day) from made where source <> 'import');
    closed date := (select day from business_days where day = any (days) and state = 'CLOSED' limit 1);
begin
    if closed is not null and not is_import() then
        raise exception 'newbee: the business day % is closed and takes no more awards', closed
            using errcode = 'integrity_constraint_violation', hint = 'Check the clock of this machine and NEWBEE_TIME_ZONE.';
    end if;
    return null;
end $$;
create trigger awards_of_open_days after insert on awards referencing new table as made
    for each statement execute function refuse_awards_of_closed_days();

-- A closed day stays closed, unless no award was ever counted on it.
create function refuse_reopening() returns trigger language plpgsql as $$
begin
    if exists (select 1 from business_day_totals where day = old.day)
       or exists (select 1 from awards where business_day = old.day) then
        raise exception 'newbee: the closed business day % holds awards and stays closed', old.day
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger business_days_stay_closed before update on business_days for each row
    when (old.state = 'CLOSED' and new.state <> 'CLOSED')
    execute function refuse_reopening();

-- Changes of a user's awards are numbered. A statement that creates or changes awards first adds their number to
-- last_change and gives each of them one of the new numbers. The lock of this row makes the order of numbers the order
-- of commits: a reader who has seen a number has seen all smaller ones. The streak is stored here because each sign-in
-- writes the row anyway.
create table award_feeds (
    user_id       bigint primary key,
    last_change   bigint not null check (last_change >= 0),
    last_sign_in  date,                                       -- last business day of the streak
    streak_length integer check (streak_length > 0),          -- number of consecutive days until then
    -- Null for most users, so that their rows do not grow.
    skipped_days  integer check (skipped_days > 0),           -- bridged and frozen days among them, not counted in the length
    freezes       integer check (freezes > 0),                -- freezes held at the last sign-in
    best_streak   integer check (best_streak > 0),            -- length of the longest earlier streak
    constraint streak_as_a_whole check (num_nonnulls(last_sign_in, streak_length) in (0, 2)),
    constraint streak_before_its_rest check (last_sign_in is not null or num_nonnulls(skipped_days, freezes, best_streak) = 0)
) with (fillfactor = 70);
create trigger award_feeds_never_go_back before update on award_feeds for each row
    when (new.last_change < old.last_change or new.last_sign_in < old.last_sign_in)
    execute function refuse_change('neither the number of changes nor a streak moves back');
create trigger award_feeds_are_kept before delete on award_feeds for each row
    execute function refuse_change('feeds of awards are never deleted');
create trigger award_feeds_are_not_truncated before truncate on award_feeds
    execute function refuse_change('feeds of awards are never deleted');

-- True if a sign-in continues a streak. `earliest` has, in ascending order, the earliest last days of streaks that it
-- continues with the help of at most …, 1 and 0 freezes.
create function streak_goes_on(last_day date, freezes integer, earliest date[]) returns boolean immutable language sql as $$
    select width_bucket(last_day, earliest) >= greatest(cardinality(earliest) - coalesce(freezes, 0), 1)
$$;

-- Streaks of an old system, whose sign-ins need not all be awards: `audit_books` counts these days as sign-ins.
create table imported_streaks (
    user_id       bigint primary key,
    last_day      date not null,
    streak_length integer not null check (streak_length > 0)
);
create trigger imported_streaks_are_not_truncated before truncate on imported_streaks
    execute function refuse_change('streaks count the days of an import');

-- Number of awards of an item that a user has on a day. One conditional update enforces the daily limit.
create table daily_counters (
    user_id      bigint not null,
    business_day date not null,
    item         text not null,
    count        integer not null check (count > 0),
    primary key (user_id, business_day, item)
);
-- Old daily counters are found by their day: a sweep over all of them would make the cost of closing a day grow with
-- every user who was active in the last week, although none of their counters is deleted.
create index daily_counters_by_day on daily_counters (business_day, user_id, item);

-- First result of each report of a task or an act, so that a repeated report gets the same one.
create table task_requests (
    user_id         bigint not null,
    idempotency_key text not null check (char_length(idempotency_key) between 1 and 100),
    content_hash    bytea not null check (octet_length(content_hash) = 32),
    result          jsonb not null,
    created_at      timestamptz not null,
    primary key (user_id, idempotency_key)
);
create index task_requests_by_age on task_requests (created_at);
create trigger task_requests_are_not_truncated before truncate on task_requests
    execute function refuse_change('the results of recent reports are kept');
