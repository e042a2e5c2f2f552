with batch as materialized (
    select l.seq, l.user_id, c.*
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as c (coin_id text, amount numeric, posted_at timestamptz, entry_id bigint)
    where l.kind = 'openingBalance' and l.state is null and l.seq > $1
    order by l.seq limit $2
),
made as (
    insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at)
    select user_id, coalesce(entry_id, nextval('award_ids')), 'OPENING', coin_id, amount, posted_at from batch
    on conflict do nothing
    returning user_id, coin_id, amount, posted_at
),
paid as (
    insert into balances as b (user_id, coin_id, settled, updated_at)
    select user_id, coin_id, amount, posted_at from made order by user_id, coin_id
    on conflict (user_id, coin_id) do update
    set settled = b.settled + excluded.settled, updated_at = greatest(b.updated_at, excluded.updated_at)
),
missed as (
    update import_lines l set state = 'refused', reason = 'Another entry of the user has this entryId, or the balance exists.'
    from batch b
    where b.seq = l.seq and not exists (select from made m where (m.user_id, m.coin_id) = (b.user_id, b.coin_id))
    returning l.seq
)
select max(seq) as last, (select count(*) from made) as made, (select count(*) from missed) as missed from batch
