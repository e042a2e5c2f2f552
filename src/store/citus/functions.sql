-- Functions of a distributed database, in place of those of the migrations or beside them. `newbee distribute` creates them
-- on all nodes.
--
-- A function with the argument `shard_of`, which is any number that falls into a shard, runs on the node of that shard. Its
-- statement names the tables of the shard themselves, so that Postgres plans it as on one node.

-- Verifies that the node has the shard, and keeps the shard from being moved until the transaction ends.
create or replace function hold_shard(shard_of bigint) returns void language plpgsql security definer as $$
declare
    shard bigint := get_shard_id_for_distribution_column('users', shard_of);
begin
    perform lock_shard_metadata(5, array[shard]);             -- ShareLock, as for each write
    if not exists (select 1 from pg_catalog.pg_dist_placement p
                   where p.shardid = shard and p.groupid = (select groupid from pg_catalog.pg_dist_local_group)) then
        raise exception 'newbee: the shard % is on another node', shard using errcode = 'serialization_failure';
    end if;
end $$;

-- Replaces the names of tables in a statement by those of their shards.
create or replace function on_shard(of_statement text, shard_of bigint, tables text[]) returns text stable language plpgsql as $$
declare
    t text;
begin
    foreach t in array tables loop
        of_statement := regexp_replace(of_statement, '\m' || t || '\M', t || '_' || get_shard_id_for_distribution_column(t::regclass, shard_of), 'g');
    end loop;
    return of_statement;
end $$;

-- Inserts the sign-in award of each user without one on the day, advances their streak, and pays the bonuses for its new
-- length, like the statement of `store/sign_ins.rs`. All users are of one shard, each once, in ascending order; none can
-- qualify as an invitee. `award_ids` has one number per user for the sign-in and one for each rule in `bonuses`. Writes
-- nothing if there are not `bridged` bridged days.
create or replace function sign_in_on_shard(
    shard_of bigint, bridged bigint, users bigint[], times timestamptz[], award_ids bigint[], on_day date, day_before date,
    earliest date[], rule_version integer, amount numeric, amount_max numeric, amount_step numeric, coin text, hold interval,
    reported_by text, freeze_every integer, freeze_limit integer, bonuses jsonb,
    out user_ids bigint[], out ids bigint[], out items text[], out amounts numeric[], out coins text[],
    out settled_from timestamptz[], out made_at timestamptz[], out changes bigint[])
language plpgsql as $$
declare
    prepared text := 'sign_in_' || get_shard_id_for_distribution_column('users', shard_of);
begin
    perform hold_shard(shard_of);
    -- The lock for which a bridge waits, and that waits for a bridge.
    execute format('lock table %I in row exclusive mode',
                   'award_feeds_' || get_shard_id_for_distribution_column('award_feeds', shard_of));
    if not exists (select 1 from pg_prepared_statements p where p.name = prepared) then
        execute format('prepare %I (bigint[], timestamptz[], bigint[], date, date, date[], integer, numeric, numeric, numeric, text,
                                    interval, text, integer, integer, jsonb, bigint) as ', prepared) || on_shard($statement$
            with once as (
                select * from unnest($1, $2) with ordinality as o (user_id, at, place)
                where (select count(*) from bridged_days) = $17
            ),
            rules as (
                select * from jsonb_to_recordset($16) as r (
                    item text, version integer, amount numeric, amount_max numeric, amount_step numeric, coin_id text, hold interval,
                    opens_at timestamptz, closes_at timestamptz, streak_length integer, streak_repeats boolean)
            ),
            counted as (select count(*) as bonuses from rules),
            fed as (
                insert into award_feeds as f (user_id, last_change, last_sign_in, streak_length)
                select user_id, 1 + (select bonuses from counted), $4, 1 from once order by user_id
                on conflict (user_id) do update
                set last_change = f.last_change + excluded.last_change,
                    last_sign_in = greatest(f.last_sign_in, excluded.last_sign_in),
                    streak_length = case when f.last_sign_in >= $4 then f.streak_length
                                         when streak_goes_on(f.last_sign_in, f.freezes, $6) then f.streak_length + 1
                                         else 1 end,
                    skipped_days = case when f.last_sign_in >= $4 then f.skipped_days
                                        when f.last_sign_in = $5 then f.skipped_days
                                        when streak_goes_on(f.last_sign_in, f.freezes, $6)
                                        then coalesce(f.skipped_days, 0) + ($5 - f.last_sign_in) end,
                    freezes = case when f.last_sign_in >= $4 then f.freezes
                                   when streak_goes_on(f.last_sign_in, f.freezes, $6)
                                   then nullif(least(coalesce(f.freezes, 0) - (cardinality($6) - width_bucket(f.last_sign_in, $6))
                                                     + case when (f.streak_length + 1) % $14 = 0 then 1 else 0 end, $15), 0) end,
                    best_streak = case when f.last_sign_in >= $4 or streak_goes_on(f.last_sign_in, f.freezes, $6)
                                       then f.best_streak else greatest(f.best_streak, f.streak_length) end
                where f.last_sign_in is null or f.last_sign_in < excluded.last_sign_in
                   or ((f.last_sign_in > excluded.last_sign_in
                        or exists (select 1 from covered_days c where (c.user_id, c.day) = (f.user_id, $4)))
                       and not exists (select 1 from awards a
                                       where (a.once_day, a.user_id, a.source, a.source_key) = ($4, f.user_id, 'sign_in', '')))
                returning user_id, last_change - (select bonuses from counted) as change, coalesce(skipped_days, 0) as skipped_days,
                          case when last_sign_in = $4 then streak_length end as streak_length
            ),
            made as (
                insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                                    business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
                select user_id, $3[(o.place - 1) * (1 + (select bonuses from counted)) + 1], 'sign_in', '', 'sign_in', 'DAILY', $7,
                       draw_amount($8, $9, $10), $11, $4, o.at + $12, o.at, o.at, $13, f.change
                from fed f join once o using (user_id) order by user_id
                on conflict (once_day, user_id, source, source_key) do nothing
                returning user_id, award_id, item, amount, coin_id, settles_at, created_at, changed_in
            ),
            earned as (
                insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                                    business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
                select user_id, $3[(o.place - 1) * (1 + (select bonuses from counted)) + 1
                                   + row_number() over (partition by user_id order by r.item)],
                       r.item, to_char($4 - f.streak_length - f.skipped_days + 1, 'YYYY-MM-DD') || ':' || f.streak_length,
                       r.item, 'BONUS', r.version, draw_amount(r.amount, r.amount_max, r.amount_step), r.coin_id, $4, o.at + r.hold,
                       o.at, o.at, $13, f.change + row_number() over (partition by user_id order by r.item)
                from made join fed f using (user_id) join once o using (user_id)
                join rules r
                  on (r.opens_at is null or r.opens_at <= o.at) and (r.closes_at is null or r.closes_at > o.at)
                 and (f.streak_length = r.streak_length
                      or (r.streak_repeats and f.streak_length % r.streak_length = 0))
                order by user_id, r.item
                on conflict do nothing
                returning user_id, award_id, item, amount, coin_id, settles_at, created_at, changed_in
            )
            select array_agg(user_id), array_agg(award_id), array_agg(item), array_agg(amount), array_agg(coin_id),
                   array_agg(settles_at), array_agg(created_at), array_agg(changed_in)
            from (select * from made union all select * from earned) all_awards
            $statement$, shard_of, '{awards,award_feeds,covered_days,bridged_days}');
    end if;
    execute format('execute %I (%L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L)', prepared, users, times, award_ids,
                   on_day, day_before, earliest, rule_version, amount, amount_max, amount_step, coin, hold, reported_by, freeze_every,
                   freeze_limit, coalesce(bonuses, '[]'), bridged)
    into user_ids, ids, items, amounts, coins, settled_from, made_at, changes;
end $$;

-- Settles a batch of a shard by the statement of `store/settlement/settle_batch.sql`.
create or replace function settle_on_shard(shard_of bigint, after_user bigint, after_award bigint, settled_at timestamptz, most bigint,
                                           run bigint)
returns table (of_coin text, award_count bigint, total numeric, last_user_id bigint, last_award_id bigint) language plpgsql as $$
begin
    perform hold_shard(shard_of);
    return query execute on_shard($statement${settle_batch}$statement$, shard_of, '{awards,award_feeds,ledger_entries,balances}')
        using after_user, after_award, settled_at, most, run;
end $$;

-- Waits for the sign-ins in progress on a shard, and excludes new ones until the transaction ends.
create or replace function exclude_sign_ins_on_shard(shard_of bigint) returns void language plpgsql as $$
begin
    perform hold_shard(shard_of);
    execute on_shard('lock table award_feeds in share mode', shard_of, '{award_feeds}');
end $$;

-- Locks the next award of a shard that a batch of one would settle.
create or replace function lock_next_on_shard(shard_of bigint, after_user bigint, after_award bigint, due_at timestamptz)
returns table (user_id bigint, award_id bigint) language plpgsql as $$
begin
    perform hold_shard(shard_of);
    return query execute on_shard(
        'select user_id, award_id from awards
         where status = ''PENDING'' and (user_id, award_id) > ($1, $2) and settles_at <= $3 and settle_error is null
         order by user_id, award_id limit 1 for update skip locked', shard_of, '{awards}')
        using after_user, after_award, due_at;
end $$;

-- Trigger of award_feeds: the shard of covered_days is on the same node.
create or replace function keep_frozen_days() returns trigger language plpgsql as $$
declare
    missed date;
begin
    for missed in select old.last_sign_in + n from generate_series(1, new.last_sign_in - old.last_sign_in - 1) n loop
        if not exists (select 1 from bridged_days where day = missed) then
            execute on_shard('insert into covered_days (user_id, day) values ($1, $2) on conflict do nothing', new.user_id,
                             '{covered_days}')
                using new.user_id, missed;
        end if;
    end loop;
    return null;
end $$;

-- Trigger of rule_versions and bridged_days, of which every node has a copy: the catalogue is on the coordinator.
create or replace function count_rule_change() returns trigger language plpgsql as $$
begin
    if to_regclass('rule_catalogue') is not null then
        update rule_catalogue set version = version + 1;
    end if;
    return null;
end $$;

-- In PL/pgSQL: Citus does not plan statements of SQL functions that have parameters. They read the shards if these are on
-- the node where they run, because a query on a shard must not begin another one of Citus.
create or replace function has_shard(shard_of bigint) returns boolean stable language sql as $$
    select exists (select 1 from pg_catalog.pg_dist_placement p
                   join pg_catalog.pg_dist_local_group g on g.groupid = p.groupid
                   where p.shardid = get_shard_id_for_distribution_column('users', shard_of))
$$;

create or replace function deeds_of(q qualifications, items text[], corrected boolean, out sign_in_days integer, out done_items text[])
stable language plpgsql as $$
declare
    made text := $statement$
        select count(distinct business_day) filter (where source = 'sign_in'), array_agg(distinct item) from awards
        where user_id = $1 and award_id > $2 and source <> 'import' and award_type in ('NEWBEE', 'DAILY')
          and business_day >= $3 and business_day <= $4 and ($5 or status in ('PENDING', 'SETTLED'))$statement$;
    earlier text := $statement$
        select array_agg(distinct item) from awards
        where once_day = '1900-01-01' and user_id = $1 and award_type = 'NEWBEE'
          and (award_id <= $2 or source = 'import') and ($3 or status in ('PENDING', 'SETTLED'))$statement$;
    done text[];
    done_before text[];
begin
    if has_shard(q.user_id) then
        made := on_shard(made, q.user_id, '{awards}');
        earlier := on_shard(earlier, q.user_id, '{awards}');
    end if;
    execute made into sign_in_days, done
        using q.user_id, q.after_award, q.bound_day, coalesce(q.last_day, '9999-12-31'), corrected;
    execute earlier into done_before using q.user_id, q.after_award, corrected;
    done_items := array(select i from unnest(items) i where i = any (done) or i = any (done_before) order by i);
end $$;

create or replace function streak_days(of_user bigint) returns table (day date, counts boolean) stable language plpgsql as $$
declare
    statements text[] := array[
        $statement$select business_day, true from awards where user_id = $1 and award_type = 'DAILY' and item = 'sign_in'$statement$,
        $statement$select i.last_day - back, true from imported_streaks i cross join generate_series(0, i.streak_length - 1) back
                   where i.user_id = $1$statement$,
        $statement$select day, made_up_at is not null from covered_days where user_id = $1$statement$,
        $statement$select day, false from bridged_days where $1 is not null$statement$];
    one text;
begin
    foreach one in array statements loop
        if has_shard(of_user) then
            one := on_shard(one, of_user, '{awards,imported_streaks,covered_days,bridged_days}');
        end if;
        return query execute one using of_user;
    end loop;
end $$;

create or replace function shown_qualifications(of_user bigint, paying invite_party, today date) returns jsonb stable language plpgsql as $$
declare
    shown jsonb;
begin
    -- Of these tables, every node has a copy.
    execute on_shard($statement$
        select jsonb_agg(jsonb_build_object(
                   'item', q.item, 'ruleVersion', q.rule_version, 'pays', q.pays,
                   'state', case when q.state = 'PENDING' and q.last_day < $3 then 'EXPIRED' else q.state end,
                   'signInDays', q.sign_in_days, 'requiredSignInDays', coalesce(v.sign_in_days, 0),
                   'doneItems', q.done_items, 'requiredItems', coalesce(v.required_items, '{}'),
                   'lastDay', q.last_day, 'awardId', q.award_id, 'unpaid', q.unpaid) order by q.item)
        from qualifications q join rule_versions v on (v.item, v.version) = (q.item, q.rule_version)
        where q.user_id = $1 and ($2 is null or q.pays = $2)$statement$, of_user, '{qualifications,rule_versions}')
    into shown using of_user, paying, today;
    return shown;
end $$;

-- For audits: numbers of the days of a user's streak that count in it, and that do not.
create or replace function days_of_streak(of_user bigint, first_day date, last_day date, out days bigint, out forgiven bigint)
stable language sql as $$
    select count(*) filter (where counts), count(*) filter (where not counts)
    from (select d.day, bool_or(d.counts) as counts from streak_days(of_user) d where d.day between first_day and last_day
          group by d.day) known
$$;

-- For audits: qualifications with the deeds of their users.
create or replace function deeds_of_all(corrected boolean)
returns table (user_id bigint, item text, state qualification_state, sign_in_days integer, done_items text[], needed_days integer,
               needed_count integer, has_imported boolean) stable language plpgsql as $$
declare
    q qualifications;
    v rule_versions;
begin
    for q in select * from qualifications loop
        select * into strict v from rule_versions r where (r.item, r.version) = (q.item, q.rule_version);
        user_id := q.user_id;
        item := q.item;
        state := q.state;
        select d.sign_in_days, d.done_items into sign_in_days, done_items from deeds_of(q, coalesce(v.required_items, '{}'), corrected) d;
        needed_days := coalesce(v.sign_in_days, 0);
        needed_count := coalesce(cardinality(v.required_items), 0);
        has_imported := exists (select 1 from awards a
                                where a.user_id = q.user_id and a.source = 'import' and a.item = any (v.required_items));
        return next;
    end loop;
end $$;

-- Keeps users of a shard from being erased until the transaction ends. Returns those who exist and are not erased.
create or replace function hold_users_on_shard(shard_of bigint, users bigint[]) returns setof bigint language plpgsql as $$
begin
    perform hold_shard(shard_of);
    return query execute on_shard(
        'select user_id from users where user_id = any ($1) and erased_at is null order by user_id for key share', shard_of, '{users}')
        using users;
end $$;

-- Locks the feeds of users of a shard. Returns the users who have one.
create or replace function lock_feeds_on_shard(shard_of bigint, users bigint[]) returns setof bigint language plpgsql as $$
begin
    perform hold_shard(shard_of);
    return query execute on_shard('select user_id from award_feeds where user_id = any ($1) order by user_id for update', shard_of,
                                  '{award_feeds}')
        using users;
end $$;

-- Trigger of business_days, of which every node has a copy: each node looks at its own shards.
create or replace function refuse_reopening() returns trigger language plpgsql as $$
declare
    t record;
    holds_awards boolean;
begin
    for t in select s.logicalrelid::regclass::text || '_' || s.shardid as name,
                    case s.logicalrelid when 'awards'::regclass then 'business_day' else 'day' end as day
             from pg_catalog.pg_dist_shard s
             join pg_catalog.pg_dist_placement p using (shardid) join pg_catalog.pg_dist_local_group g on g.groupid = p.groupid
             where s.logicalrelid in ('awards'::regclass, 'business_day_totals'::regclass) loop
        execute format('select exists (select 1 from %I where %I = $1)', t.name, t.day) into holds_awards using old.day;
        if holds_awards then
            raise exception 'newbee: the closed business day % holds awards and stays closed', old.day
                using errcode = 'integrity_constraint_violation';
        end if;
    end loop;
    return new;
end $$;

-- Trigger of invitations: the erased parent is in another shard, so the transaction of the erasure names them.
create or replace function refuse_rebinding() returns trigger language plpgsql as $$
begin
    if (new.parent_id, new.bound_at) = (old.parent_id, old.bound_at)
       and current_setting('newbee.erased_parent', true) = old.parent_id || ' ' || new.parent_code then
        return new;
    end if;
    raise exception 'newbee: a bound invitation never changes its parent (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;

-- Triggers of the audit log and of grant lines, which are on the coordinator: the user is read apart from the row, whose
-- type other nodes do not know.
create or replace function refuse_change_of_audit_log() returns trigger language plpgsql as $$
declare
    is_erased boolean := exists (select 1 from users where user_id = old.user_id and erased_at is not null);
begin
    if tg_op = 'UPDATE' and is_erased
       and to_jsonb(new) - 'before' - 'after' = to_jsonb(old) - 'before' - 'after'
       and new.before is not distinct from without_personal_data(old.before)
       and new.after is not distinct from without_personal_data(old.after) then
        return new;
    elsif tg_op = 'DELETE' and old.action in ('read_user', 'find_users', 'record_tasks', 'act_for_users') and old.at < now() - interval '300 days' then
        return old;
    end if;
    raise exception 'newbee: the audit log never changes (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;

create or replace function refuse_change_of_grant_line() returns trigger language plpgsql as $$
declare
    is_erased boolean := exists (select 1 from users where user_id = old.user_id and erased_at is not null);
begin
    if is_erased and to_jsonb(new) - 'label' = to_jsonb(old) - 'label' and new.label = 'erased:' || old.line then
        return new;
    end if;
    raise exception 'newbee: a line of a grant never changes, and it is awarded once (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;
