with batch as materialized (
    select l.seq, l.user_id, c.*
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as c (
        name text, search_name text, portrait_uri text, code text, normalised_code text, class smallint, created_at timestamptz,
        updated_at timestamptz, erased_at timestamptz, invitation_created_at timestamptz, invitation_updated_at timestamptz,
        last_change bigint)
    where l.kind = 'user' and l.state is null and l.seq > $1
    order by l.seq limit $2
),
coded as materialized (
    -- Eight random characters of Crockford's base 32 for a user without a code.
    select b.*, r.random_code, coalesce(b.normalised_code, r.random_code) as form
    from batch b
    cross join lateral (
        select string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + get_byte(uuid_send(gen_random_uuid()), 0) % 32, 1), '')
                   as random_code
        from generate_series(1, 8) place where place > 0 or b.seq > 0
    ) r
),
given as (
    insert into invitation_codes (normalised_code, user_id)
    select form, user_id from coded c
    where not exists (select from users u where u.user_id = c.user_id)
    order by user_id
    on conflict (normalised_code) do nothing
    returning user_id
),
made as (
    insert into users (user_id, name, search_name, portrait_uri, created_at, updated_at, erased_at)
    select c.user_id, name, search_name, portrait_uri, created_at, updated_at, erased_at
    from coded c join given using (user_id)
    order by c.user_id
    returning user_id
),
invited as (
    insert into invitations (user_id, code, class, created_at, updated_at)
    -- The class of a user with a parent is set when the parent is bound.
    select c.user_id, coalesce(code, random_code), coalesce(class, 0), invitation_created_at,
           invitation_updated_at
    from coded c join given using (user_id)
    order by c.user_id
),
fed as (
    insert into award_feeds (user_id, last_change)
    select c.user_id, c.last_change from coded c join given using (user_id) where c.last_change > 0 order by c.user_id
    on conflict (user_id) do nothing
),
missed as (
    update import_lines l
    set state = 'refused', reason = 'The user or the code was created by another process meanwhile. Run the import again.'
    from batch b where b.seq = l.seq and b.user_id not in (select user_id from made)
    returning l.seq
)
select max(seq) as last, (select count(*) from made) as made, (select count(*) from missed) as missed from batch
