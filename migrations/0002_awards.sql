-- The rule catalogue, awards, and dependent data by user: daily limits, streaks, results of repeated task reports.

create table rules (
    item       text primary key check (item ~ '^[a-z][a-z0-9_]{0,39}$'),
    award_type smallint not null check (award_type in (0, 1, 2))   -- 0 NEWBEE, 1 DAILY, 2 INVITE
);

-- Versions of rules. A change is a new version, never an update: an award references the version that determined its
-- amount.
create table rule_versions (
    item        text not null references rules,
    version     integer not null check (version > 0),
    amount      numeric(20,4) not null check (amount > 0),
    coin_id     text not null check (char_length(coin_id) between 1 and 32),   -- assigned by the host application
    daily_limit integer check (daily_limit > 0),                              -- null: no limit
    target_rule text not null check (target_rule in ('NONE', 'ONCE_A_DAY', 'REPEATABLE')),
    hold        interval not null default '0' check (hold >= '0'),            -- from award to settlement
    opens_at    timestamptz,
    closes_at   timestamptz,
    enabled     boolean not null default true,
    changed_by  text not null,
    reason      text not null,
    created_at  timestamptz not null,
    primary key (item, version),
    constraint window_in_order check (closes_at > opens_at)
);
create trigger rule_versions_never_change before update or delete on rule_versions for each row
    execute function refuse_change('a rule version never changes: add a new version');

create view current_rules as
    select distinct on (item) * from rules join rule_versions using (item) order by item, version desc;

create sequence award_ids as bigint;

create table awards (
    user_id      bigint not null references users,
    award_id     bigint not null default nextval('award_ids'),
    source       text not null,                               -- the item, or 'import'
    source_key   text not null,                               -- unique per user and source: a day, day/target, '', a key
    item         text not null references rules,
    award_type   smallint not null check (award_type in (0, 1, 2)),
    rule_version integer not null,
    amount       numeric(20,4) not null check (amount > 0),
    coin_id      text not null check (char_length(coin_id) between 1 and 32),
    target_id    text check (char_length(target_id) between 1 and 64),
    status       smallint not null default 0 check (status in (0, 1, 2, 3)),   -- PENDING, SETTLED, REVERSED, VOID
    business_day date not null,
    settles_at   timestamptz not null,
    settle_error text,                                        -- parked: the error of settlement
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    primary key (user_id, award_id),
    constraint awards_once unique (user_id, source, source_key),
    foreign key (item, rule_version) references rule_versions (item, version)
) with (fillfactor = 90);
-- For `newbeeAwards` and `todayAwards`.
create index awards_by_type_and_day on awards (user_id, award_type, business_day);
-- For the sweep of settlement, by bucket and user; also for a user's pending sum. It includes settles_at, so that
-- awards that are not due are skipped without reading their rows.
create index awards_pending on awards ((user_id & 63), user_id, award_id) include (settles_at) where status = 0;
-- Rows are inserted in the order of time, so a few pages of this index cover the awards of a day.
create index awards_of_day on awards using brin (business_day) with (pages_per_range = 16, autosummarize = on);

create trigger awards_move_legally before update on awards for each row
    when ((old.user_id, old.award_id, old.source, old.source_key, old.item, old.award_type, old.rule_version, old.amount,
           old.coin_id, old.target_id, old.business_day, old.created_at)
          is distinct from
          (new.user_id, new.award_id, new.source, new.source_key, new.item, new.award_type, new.rule_version, new.amount,
           new.coin_id, new.target_id, new.business_day, new.created_at)
          or not (new.status = old.status or (old.status = 0 and new.status in (1, 3)) or (old.status = 1 and new.status = 2)))
    execute function refuse_change('an award only moves PENDING to SETTLED to REVERSED, or PENDING to VOID');
create trigger awards_begin_pending before insert on awards for each row
    when (new.status <> 0 and new.source <> 'import')
    execute function refuse_change('an award begins PENDING: settlement pays it');
create trigger awards_are_kept before delete on awards for each row
    execute function refuse_change('awards are never deleted');
create trigger awards_are_not_truncated before truncate on awards
    execute function refuse_change('awards are never deleted');

-- Number of awards of an item that a user has on a day. One conditional update enforces the daily limit.
create table daily_counters (
    user_id      bigint not null references users,
    business_day date not null,
    item         text not null references rules,
    count        integer not null check (count > 0),
    primary key (user_id, business_day, item)
);

create table sign_in_streaks (
    user_id  bigint primary key references users,
    last_day date not null,
    length   integer not null check (length > 0)
) with (fillfactor = 80);
create trigger streaks_never_go_back before update on sign_in_streaks for each row
    when (new.last_day < old.last_day)
    execute function refuse_change('a streak never moves back');

-- First result of each task report, so that a repeated report gets the same one.
create table task_requests (
    user_id         bigint not null references users,
    idempotency_key text not null check (char_length(idempotency_key) between 1 and 100),
    content_hash    bytea not null check (octet_length(content_hash) = 32),
    result          jsonb not null,
    created_at      timestamptz not null,
    primary key (user_id, idempotency_key)
);

-- Initial catalogue; operators change it by adding versions.
insert into rules (item, award_type) values ('set_fomo_id', 0), ('sign_in', 1), ('join_group', 1), ('invite_friend', 2);
insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, hold, changed_by, reason, created_at) values
    ('set_fomo_id',   1, 10, '1', null, 'NONE',       '0',      'migration', 'the first catalogue', '2020-01-01Z'),
    ('sign_in',       1,  5, '1', 1,    'NONE',       '0',      'migration', 'the first catalogue', '2020-01-01Z'),
    ('join_group',    1, 10, '1', 3,    'ONCE_A_DAY', '0',      'migration', 'the first catalogue', '2020-01-01Z'),
    ('invite_friend', 1, 20, '1', 20,   'ONCE_A_DAY', '3 days', 'migration', 'the first catalogue', '2020-01-01Z');
