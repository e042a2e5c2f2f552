-- Output of settlement: immutable entries, and balances that always equal their sum.

-- OPENING: the balance of an old system, once per user and coin. Its award_id is a number of the same sequence, without an
-- award.
create type ledger_kind as enum ('SETTLE', 'REVERSE', 'OPENING');

-- No foreign key to awards: an entry is created from the award row that the same statement updated, and the
-- constraint would halve the speed of settlement. `invariant_violations` checks both directions.
create table ledger_entries (
    user_id   bigint not null,
    award_id  bigint not null,
    kind      ledger_kind not null,
    coin_id   text not null,
    amount    numeric(20,4) not null,
    run_id    bigint,                                         -- the job run that wrote it; null: manual correction, or import
    posted_at timestamptz not null,
    primary key (user_id, award_id, kind),
    constraint sign_of_kind check ((kind = 'SETTLE' and amount > 0) or (kind = 'REVERSE' and amount < 0)
                                   or (kind = 'OPENING' and amount <> 0))
);
create unique index ledger_entries_one_opening on ledger_entries (user_id, coin_id) where kind = 'OPENING';
-- Settled amounts of the last days, for operators. Entries are only inserted, so they are stored in the order of
-- time, and a few pages of this index cover a month regardless of the size of the table.
create index ledger_entries_by_time on ledger_entries using brin (posted_at) with (pages_per_range = 16, autosummarize = on);
create trigger ledger_entries_never_change before update or delete on ledger_entries for each row
    execute function refuse_change('ledger entries never change: post an opposite entry');
create trigger ledger_entries_are_not_truncated before truncate on ledger_entries
    execute function refuse_change('ledger entries never change: post an opposite entry');

create table balances (
    user_id    bigint not null,
    coin_id    text not null,
    settled    numeric(20,4) not null,                        -- a reversal may make it negative
    updated_at timestamptz not null,
    primary key (user_id, coin_id)
) with (fillfactor = 70);
create trigger balances_are_not_truncated before truncate on balances
    execute function refuse_change('a balance is the sum of its entries');
