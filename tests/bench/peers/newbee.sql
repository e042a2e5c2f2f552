-- newbee's own tables, filled from the data of data.sql. A test loads them and audits the books.

create temp table data_items (item, award_type) as
    values ('register', 'NEWBEE'), ('bind_phone', 'NEWBEE'), ('bind_wallet', 'NEWBEE'), ('first_share', 'NEWBEE'),
           ('first_read', 'NEWBEE'), ('read', 'DAILY'), ('share', 'DAILY'), ('comment', 'DAILY'), ('watch', 'DAILY');
insert into rules (item, award_type) select item, award_type::award_type from data_items;
insert into rule_versions (item, version, amount, coin_id, target_rule, changed_by, reason, created_at)
    select item, 1, 10, '1', 'REPEATABLE', 'bench', 'items of the benchmark', '2020-01-01Z' from data_items;

insert into users (user_id, name, portrait_uri, created_at, updated_at, children_count)
    select u.user_id, u.name, u.portrait_uri, u.created_at, u.created_at, coalesce(c.children, 0)
    from data_users u
    left join (select parent_id as user_id, count(*) as children from data_users group by parent_id) c using (user_id)
    order by u.user_id;
insert into sessions (key_hash, user_id, origin, created_at, expires_at)
    select sha256(('bench-session-' || lpad(user_id::text, 7, '0'))::bytea), user_id, 'issued', created_at,
           current_setting('peers.today')::timestamptz + interval '30 days'
    from data_users order by user_id;
insert into invitations (user_id, code, class, parent_id, parent_code, bound_at, created_at, updated_at)
    select u.user_id, u.code, (p.user_id is not null)::int, p.user_id, p.code,
           case when p.user_id is not null then u.created_at end, u.created_at, u.created_at
    from data_users u left join data_users p on p.user_id = u.parent_id order by u.user_id;
insert into invitation_codes (normalised_code, user_id) select code, user_id from data_users;
insert into invitation_children (parent_id, bound_at, user_id)
    select parent_id, created_at, user_id from data_users where parent_id is not null order by user_id;
insert into invitation_links (user_id, parent_id)
    select user_id, parent_id from data_users where parent_id is not null order by user_id;

-- Numbered changes of each user, in the order of time: as if newbee had made the awards.
insert into awards (user_id, changed_in, source, source_key, item, award_type, rule_version, amount, coin_id, target_id, status,
                    business_day, settles_at, created_at, updated_at)
    select user_id, row_number() over (partition by user_id order by created_at, item), 'import', source_key, item,
           award_type::award_type, 1, amount, coin_id::text, target_id::text,
           case when pending then 'PENDING' else 'SETTLED' end::award_status, day, created_at, created_at, created_at
    from (
        select user_id, item, item as source_key, 'NEWBEE' as award_type, amount, coin_id, target_id, pending,
               (created_at at time zone 'Asia/Shanghai')::date as day, created_at from data_newbee_awards
        union all
        select user_id, item, item || '/' || day, 'DAILY', amount, coin_id, target_id, pending, day, created_at from data_daily_awards
    ) award
    order by created_at, user_id, item;
insert into award_feeds (user_id, last_change) select user_id, count(*) from awards group by user_id order by user_id;
insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at)
    select user_id, award_id, 'SETTLE', coin_id, amount, created_at from awards where status = 'SETTLED' order by award_id;
insert into balances (user_id, coin_id, settled, updated_at)
    select user_id, coin_id, sum(amount), max(posted_at) from ledger_entries group by user_id, coin_id order by user_id, coin_id;
