-- The data of the benchmark as temporary tables, by rule from the numbers of users. Settings of the session: peers.users, how
-- many; peers.today, the business day; peers.history_days before it have awards of every peers.history_every-th user.
-- rivals.sql and newbee.sql copy the tables into their own.

-- A stable number of 31 bits.
create function pg_temp.number(salt text, key bigint) returns int language sql immutable
    as $$ select ('x' || substr(md5(salt || ':' || key), 1, 8))::bit(32)::int & 2147483647 $$;

-- One user in 500 is a hub: together they have the users of the second to fourteenth hundredth as children, 65 each.
-- Of the rest, every third has one of the earlier users as parent.
create temp table data_users as
    select user_id, 'user' || lpad(user_id::text, 7, '0') as name,
           'https://cdn.example.com/portrait/' || substr(md5('portrait:' || user_id), 1, 20) || '.jpg' as portrait_uri,
           -- Hexadecimal, so that the normalised form of a code is the code.
           upper(substr(md5('code:' || user_id), 1, 6) || to_hex(user_id)) as code,
           case when user_id > greatest(users / 100, hubs) and user_id <= users * 14 / 100 then 1 + user_id % hubs
                when user_id > users * 14 / 100 and pg_temp.number('bound', user_id) % 3 = 0
                    then hubs + 1 + pg_temp.number('parent', user_id) % (user_id - hubs - 1) end as parent_id,
           (today - 400)::timestamp at time zone 'Asia/Shanghai' + user_id * 400 * interval '1 day' / (users + 1) as created_at
    from (select users, today, greatest(users / 500, 1) as hubs
          from (select current_setting('peers.users')::bigint as users, current_setting('peers.today')::date as today) s) s
    cross join generate_series(1, users) user_id;
create unique index on data_users (user_id);
analyze data_users;

-- Three to five awards that a user gets once, from their first minute on.
create temp table data_newbee_awards as
    select user_id, (array['register', 'bind_phone', 'bind_wallet', 'first_share', 'first_read'])[k] as item,
           (1 + pg_temp.number('newbee amount', user_id * 8 + k) % 100000) / 100.0 as amount,
           1 + pg_temp.number('newbee coin', user_id * 8 + k) % 3 as coin_id,
           case when pg_temp.number('newbee target', user_id * 8 + k) % 2 = 0
                then pg_temp.number('newbee target id', user_id * 8 + k)::bigint end as target_id,
           pg_temp.number('newbee pending', user_id * 8 + k) % 4 = 0 as pending,
           created_at + k * interval '7.125 seconds' as created_at
    from data_users cross join generate_series(1, 3 + pg_temp.number('newbee count', user_id) % 3) k
    order by user_id, k;

-- Two to four awards of a day: of today for all users, without a sign-in; of the days before for some. In the order of
-- time, so that the rows of one user lie apart, as they do in service.
create temp table data_daily_awards as
    select user_id, item, day, (1 + pg_temp.number('daily amount', key) % 10000) / 100.0 as amount,
           1 + pg_temp.number('daily coin', key) % 3 as coin_id,
           case when k > 1 or age = 0 then pg_temp.number('daily target', key)::bigint end as target_id,
           age = 0 and pg_temp.number('daily pending', key) % 3 = 0 as pending,
           day::timestamp at time zone 'Asia/Shanghai'
               + pg_temp.number('daily time', key) % case age when 0 then 600000 else 86400000 end * interval '1 ms' as created_at
    from (
        select user_id, age, k, current_setting('peers.today')::date - age as day, (user_id * 64 + age) * 8 + k as key,
               (case age when 0 then array['read', 'share', 'comment', 'watch']
                         else array['sign_in', 'read', 'share', 'comment'] end)[k] as item
        from data_users cross join generate_series(0, current_setting('peers.history_days')::int) age
        cross join generate_series(1, 2 + case age when 0 then pg_temp.number('daily count', user_id * 64) % 3
                                                   else pg_temp.number('daily count', user_id * 64 + age) % 6 / 4 * 2 end) k
        where age = 0 or user_id % current_setting('peers.history_every')::int = 0
    ) award
    order by created_at, user_id, item;
