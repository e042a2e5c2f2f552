-- Grants: awards that operators give by hand, with a reason. All awards of a grant are created in one transaction, or
-- none. A grant above the configured sum waits until a second author approves it.

create type grant_state as enum ('WAITING', 'GRANTED', 'REJECTED');

create table grants (
    grant_id        bigint generated always as identity primary key,
    idempotency_key text not null unique check (char_length(idempotency_key) between 1 and 100),
    content_hash    bytea not null check (octet_length(content_hash) = 32),
    state           grant_state not null,
    reason          text not null,
    line_count      integer not null check (line_count between 1 and 10000),
    award_count     integer not null default 0 check (award_count between 0 and line_count),   -- fewer: erased meanwhile
    requested_by    text not null check (char_length(requested_by) between 1 and 100),
    requested_at    timestamptz not null,
    business_day    date not null,                            -- of the request
    expires_at      timestamptz,                              -- end of the time for an approval; null: needed none
    decided_by      text check (char_length(decided_by) between 1 and 100),
    decided_at      timestamptz,
    decision_reason text,
    constraint decided_as_a_whole check (num_nonnulls(decided_by, decided_at) in (0, 2)),
    constraint decided_unless_it_waits check (case when expires_at is null then state = 'GRANTED' and decided_at is null
                                                   else (state = 'WAITING') = (decided_at is null) end),
    constraint approved_by_another check (state <> 'GRANTED' or decided_by <> requested_by),
    constraint awards_once_granted check (state = 'GRANTED' or award_count = 0)
);
-- For the sum that an author has granted on a day without approval.
create index grants_by_author on grants (requested_by, business_day);
create index grants_waiting on grants (grant_id) where state = 'WAITING';
create trigger grants_keep_their_content before update on grants for each row
    when ((old.grant_id, old.idempotency_key, old.content_hash, old.reason, old.line_count, old.requested_by,
           old.requested_at, old.business_day, old.expires_at)
          is distinct from
          (new.grant_id, new.idempotency_key, new.content_hash, new.reason, new.line_count, new.requested_by,
           new.requested_at, new.business_day, new.expires_at)
          or old.decided_at is not null or (old.state = 'GRANTED' and old.award_count > 0))
    execute function refuse_change('the content of a grant never changes, and it is decided once');
create trigger grants_are_kept before delete on grants for each row
    execute function refuse_change('grants are never deleted');
create trigger grants_are_not_truncated before truncate on grants
    execute function refuse_change('grants are never deleted');

-- One award of a grant, in the order of the request. Lines and sums do not reference the grant: an import writes them
-- first, so that a grant is never there without all of them.
create table grant_lines (
    grant_id bigint not null,
    line     integer not null check (line > 0),
    user_id  bigint not null,
    label    text not null check (char_length(label) between 1 and 64),
    amount   numeric(20,4) not null check (amount > 0),
    coin_id  text not null check (char_length(coin_id) between 1 and 32),
    hold     interval not null check (hold >= '0'),           -- from award to settlement
    award_id bigint,                                          -- null: waits, was rejected, or the user was erased meanwhile
    primary key (grant_id, line),
    constraint grant_lines_once unique (grant_id, user_id, label, coin_id) deferrable   -- an erasure replaces labels
);
create index grant_lines_of_user on grant_lines (user_id);
-- Only the erasure of a user removes labels.
create function refuse_change_of_grant_line() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - 'label' = to_jsonb(old) - 'label' and new.label = 'erased:' || old.line
       and exists (select 1 from users where user_id = old.user_id and erased_at is not null) then
        return new;
    end if;
    raise exception 'newbee: a line of a grant never changes, and it is awarded once (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger grant_lines_keep_their_content before update on grant_lines for each row
    when ((old.grant_id, old.line, old.user_id, old.label, old.amount, old.coin_id, old.hold)
          is distinct from (new.grant_id, new.line, new.user_id, new.label, new.amount, new.coin_id, new.hold)
          or old.award_id is not null)
    execute function refuse_change_of_grant_line();
create trigger grant_lines_are_kept before delete on grant_lines for each row
    execute function refuse_change('grants are never deleted');
create trigger grant_lines_are_not_truncated before truncate on grant_lines
    execute function refuse_change('grants are never deleted');

-- Sum of the lines of a grant per coin.
create table grant_sums (
    grant_id   bigint not null,
    coin_id    text not null,
    line_count integer not null check (line_count > 0),
    amount     numeric(38,4) not null check (amount > 0),
    primary key (grant_id, coin_id)
);
create trigger grant_sums_never_change before update or delete on grant_sums for each row
    execute function refuse_change('the sums of a grant never change');
create trigger grant_sums_are_not_truncated before truncate on grant_sums
    execute function refuse_change('grants are never deleted');

select require_sane_values();
