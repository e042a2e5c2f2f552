-- Registers and updates users in one statement, as far as possible. Returns a row per reported user with its old and
-- new state. Writes nothing for a user whose requested code is taken or differs from the one they have.
--   $1 ids, $2 names, $3 true to set the name, $4 portraits, $5 true to set the portrait, $6 requested codes (or null),
--   $7 their normalised forms, $8 random codes for users without a requested one, $9 classes (null: unchanged), $10 now,
--   $11 true to update existing users, $12 search forms of the names
with asked as (
    select * from unnest($1::bigint[], $2::text[], $3::bool[], $4::text[], $5::bool[], $6::text[], $7::text[], $8::text[], $9::smallint[],
                         $12::text[])
             as a (user_id, name, sets_name, portrait_uri, sets_portrait, code, normalised_code, random_code, class, search_name)
),
old as (
    select u.user_id, u.name, u.search_name, u.portrait_uri, i.class, u.erased_at is not null as erased,
           u.created_at = $10 as added_now, u.updated_at = $10 as changed_now
    from users u join invitations i using (user_id)
    where u.user_id = any ($1) and i.user_id = any ($1)
    -- A fixed order: two concurrent calls wait for each other instead of deadlocking.
    order by u.user_id for update of u, i
),
taken as (
    select a.user_id, c.user_id as owner_id
    from asked a join invitation_codes c on c.normalised_code = coalesce(a.normalised_code, a.random_code)
    union all
    -- Codes of erased users; no user has the id 0.
    select a.user_id, 0
    from asked a
    join retired_invitation_codes r on r.code_hash = sha256(convert_to(coalesce(a.normalised_code, a.random_code), 'UTF8'))
),
added as (
    insert into users (user_id, name, search_name, portrait_uri, created_at, updated_at)
    select user_id, name, search_name, portrait_uri, $10, $10 from asked
    where user_id not in (select user_id from old) and user_id not in (select user_id from taken)
    order by user_id
    on conflict (user_id) do nothing
    returning user_id
),
given as (
    insert into invitations (user_id, code, class, created_at, updated_at)
    select user_id, coalesce(code, random_code), coalesce(class, 0), $10, $10 from asked join added using (user_id)
    returning user_id
),
coded as (
    insert into invitation_codes (normalised_code, user_id)
    select coalesce(normalised_code, random_code), user_id from asked join given using (user_id)
),
wanted as (
    select a.user_id,
           case when a.sets_name then a.name else o.name end as name,
           case when a.sets_name then a.search_name else o.search_name end as search_name,
           case when a.sets_portrait then a.portrait_uri else o.portrait_uri end as portrait_uri,
           coalesce(a.class, o.class) as class
    from asked a join old o using (user_id)
    where $11 and not o.erased and (a.normalised_code is null or exists (select 1 from taken t where t.user_id = a.user_id and t.owner_id = a.user_id))
),
changed as (
    update users u set name = w.name, search_name = w.search_name, portrait_uri = w.portrait_uri, updated_at = $10
    from wanted w join old o using (user_id)
    where u.user_id = w.user_id and (w.name, w.portrait_uri, w.class) is distinct from (o.name, o.portrait_uri, o.class)
    returning u.user_id
),
reclassed as (
    update invitations i set class = w.class, updated_at = $10
    from wanted w join old o using (user_id)
    where i.user_id = w.user_id and w.class <> o.class
)
select a.user_id as "user_id!",
       o.user_id is not null as "existed!",
       n.user_id is not null as "added!",
       c.user_id is not null as "changed!",
       a.normalised_code is not null and t.owner_id is distinct from a.user_id
           and (t.owner_id is not null or o.user_id is not null) as "code_refused!",
       coalesce(o.erased, false) as "erased!",
       coalesce(o.added_now, false) as "added_now!", coalesce(o.changed_now, false) as "changed_now!",
       o.name as "old_name?", o.portrait_uri as "old_portrait_uri?", o.class as "old_class?",
       coalesce(w.name, case when n.user_id is not null then a.name end) as name,
       coalesce(w.portrait_uri, case when n.user_id is not null then a.portrait_uri end) as portrait_uri,
       coalesce(w.class, a.class, 0::smallint) as "class!",
       coalesce(a.code, a.random_code) as "code!"
from asked a
left join old o using (user_id)
left join wanted w using (user_id)
left join added n using (user_id)
left join changed c using (user_id)
left join taken t using (user_id)
