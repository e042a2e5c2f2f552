-- The feed of changes for the host application: one log for all users, which the query `changes` and webhooks read.
--
-- Requests that create or change awards do not write it. Each user's changes are numbered in the order of their commits
-- (award_feeds), and host_event_marks has the number through which they were copied here. A step of copying finds users
-- whose number is greater than their mark, and in one statement appends their changes and advances their marks. So a
-- transaction of another user that commits later, whatever ids or times it holds, is found later, and never missed.
--
-- A step locks the row of host_feed until its commit. So ids of events are assigned and committed in one order: a reader
-- who has seen an id has seen all smaller ones, and one number is a position in the log, also in a restored dump.

create table host_feed (
    only_row       boolean primary key default true check (only_row),
    began_at       timestamptz,                               -- null: not in use, so that nothing is copied
    -- Bounds of what is looked at first because it is new. They only make changes visible sooner: users are also swept
    -- in the order of their ids.
    recent_award   bigint not null default 0,
    recent_audit   bigint not null default 0,
    recent_entry   timestamptz,
    swept_through  bigint not null default 0,                 -- user id
    sweep_count    bigint not null default 0,                 -- completed sweeps over all users
    sweeps_wanted  bigint not null default 0,                 -- steps follow without pause until sweep_count reaches it
    deleted_through bigint not null default 0 check (deleted_through >= 0)   -- greatest id of a deleted event
) with (fillfactor = 10);
insert into host_feed default values;
create trigger host_feed_is_kept before delete on host_feed for each row
    execute function refuse_change('the row of the feed is kept');
create trigger host_feed_is_not_truncated before truncate on host_feed
    execute function refuse_change('the row of the feed is kept');

create type host_event_kind as enum (
    'AWARD_MADE', 'AWARD_SETTLED', 'AWARD_VOIDED', 'AWARD_REVERSED', 'INVITATION_BOUND', 'WORD_CLAIMED',
    'PLACE_RESERVED', 'PLACE_CANCELLED', 'CAMPAIGN_LAUNCHED', 'DAY_CLOSED'
);

-- An event names its subject and does not copy it: what it shows of an award, an invitation or a day never changes.
create table host_events (
    event_id     bigint generated always as identity primary key,
    kind         host_event_kind not null,
    user_id      bigint,
    award_id     bigint,
    campaign_id  bigint,                                      -- of words for WORD_CLAIMED, otherwise of reservations
    business_day date,
    occurred_at  timestamptz not null,
    logged_at    timestamptz not null,                        -- time of copying
    constraint event_has_its_subject check (
        (user_id is null) = (kind in ('CAMPAIGN_LAUNCHED', 'DAY_CLOSED'))
        and (award_id is not null) = (kind in ('AWARD_MADE', 'AWARD_SETTLED', 'AWARD_VOIDED', 'AWARD_REVERSED', 'WORD_CLAIMED'))
        and (campaign_id is not null)
            = (kind in ('WORD_CLAIMED', 'PLACE_RESERVED', 'PLACE_CANCELLED', 'CAMPAIGN_LAUNCHED'))
        and (business_day is not null) = (kind = 'DAY_CLOSED'))
);
create trigger host_events_never_change before update on host_events for each row
    execute function refuse_change('an event never changes');
create trigger host_events_are_not_truncated before truncate on host_events
    execute function refuse_change('events are deleted only when they are old');

-- What was copied of each user. The IDs of a user's awards ascend with the numbers of their changes, because both are drawn
-- under the lock of award_feeds: so an award with a greater ID than made_through is new. When the feed is first used, the
-- present state of all users is noted, and only later changes are copied.
create table host_event_marks (
    user_id      bigint primary key,
    through      bigint not null check (through >= 0),        -- last_change of award_feeds
    made_through bigint not null check (made_through >= 0)    -- greatest id of an award that is not imported
) with (fillfactor = 70);
create trigger host_event_marks_never_go_back before update on host_event_marks for each row
    when (new.through < old.through or new.made_through < old.made_through)
    execute function refuse_change('a mark of the feed never moves back');
create trigger host_event_marks_are_kept before delete on host_event_marks for each row
    execute function refuse_change('marks of the feed are never deleted');
create trigger host_event_marks_are_not_truncated before truncate on host_event_marks
    execute function refuse_change('marks of the feed are never deleted');

-- Changes other than those of awards, written in the transaction that makes the change while the feed is in use. A step
-- of copying moves all rows that it sees: one that commits later is moved later. A row of AWARD_REVERSED is no change of
-- its own: it keeps the number of the settlement, which the award has no more.
create table host_event_queue (
    queue_id     bigint generated always as identity primary key,
    kind         host_event_kind not null,
    user_id      bigint,
    award_id     bigint,
    settled_in   bigint,
    campaign_id  bigint,
    business_day date,
    occurred_at  timestamptz not null,
    -- The closing of a day follows the awards of the day: it moves after a sweep over all users that began later.
    after_sweep  bigint
);
create trigger host_event_queue_is_not_truncated before truncate on host_event_queue
    execute function refuse_change('queued changes move into the log');

-- Webhooks. An endpoint is a position in the log and a count of failures: there is no row per event and endpoint.
create type endpoint_state as enum ('ACTIVE', 'DISABLED');

create table host_endpoints (
    endpoint_id      bigint generated always as identity primary key,
    name             text not null unique check (name ~ '^[a-z][a-z0-9_-]{0,39}$'),
    url              text not null check (char_length(url) between 1 and 2000),
    kinds            text[] check (cardinality(kinds) > 0),     -- null: all kinds
    allows_private   boolean not null,                          -- may be a private address, and without TLS
    -- In clear text: signatures need it. It signs what newbee sends to the endpoint, and grants no access to newbee.
    secret           bytea not null check (octet_length(secret) = 32),
    old_secret       bytea check (octet_length(old_secret) = 32),   -- signs too, until the host application has the new one
    old_secret_until timestamptz,
    state            endpoint_state not null default 'ACTIVE',
    disabled_reason  text check (char_length(disabled_reason) between 1 and 1000),
    delivered_through bigint not null check (delivered_through >= 0),   -- id of the last event that was delivered or given up
    sending_through  bigint,                                    -- last event of the batch that was sent; null: none is chosen
    failures         integer not null default 0 check (failures >= 0),   -- of that batch
    last_error       text check (char_length(last_error) between 1 and 1000),   -- null: the last attempt succeeded
    next_attempt_at  timestamptz,                               -- null: at once
    last_success_at  timestamptz,
    created_by       text not null,
    reason           text not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    constraint old_secret_as_a_whole check (num_nonnulls(old_secret, old_secret_until) in (0, 2)),
    constraint disabled_for_a_reason check ((state = 'DISABLED') = (disabled_reason is not null)),
    constraint sends_what_follows check (sending_through > delivered_through),
    constraint failures_of_a_batch check (failures = 0 or sending_through is not null)
) with (fillfactor = 30);
create trigger host_endpoints_are_kept before delete on host_endpoints for each row
    execute function refuse_change('endpoints are never deleted: disable them');
create trigger host_endpoints_are_not_truncated before truncate on host_endpoints
    execute function refuse_change('endpoints are never deleted: disable them');

-- Batches that were given up after a hundred failures.
create table host_dead_letters (
    endpoint_id    bigint not null references host_endpoints,
    through_event  bigint not null,                             -- last event of the batch
    after_event    bigint not null check (after_event >= 0),    -- the batch begins after this event
    failures       integer not null check (failures > 0),
    error          text not null check (char_length(error) between 1 and 1000),
    died_at        timestamptz not null,
    redelivered_at timestamptz,                                 -- it was put back into delivery
    primary key (endpoint_id, through_event)
);
create trigger host_dead_letters_are_not_truncated before truncate on host_dead_letters
    execute function refuse_change('dead letters are kept');

select require_sane_values();
