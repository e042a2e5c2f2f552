-- The rule catalogue: what each item pays.

create type award_type as enum ('NEWBEE', 'DAILY', 'INVITE', 'WORD', 'RESERVATION', 'BONUS', 'GRANT');
create type target_rule as enum ('NONE', 'ONCE_A_DAY', 'ONCE', 'REPEATABLE');
create type invite_party as enum ('INVITER', 'INVITEE');

create table rules (
    item       text primary key check (item ~ '^[a-z][a-z0-9_]{0,39}$'),
    award_type award_type not null
);
create trigger rules_are_not_truncated before truncate on rules
    execute function refuse_change('rules are never deleted: close them');

-- Versions of rules. A change is a new version, never an update: an award references the version that determined its
-- amount.
create table rule_versions (
    item           text not null references rules,
    version        integer not null check (version > 0),
    amount         numeric(20,4) not null check (amount > 0),
    amount_max     numeric(20,4),                             -- null: the amount is fixed; else it is drawn between amount and this value
    amount_step    numeric(20,4) check (amount_step > 0),
    coin_id        text not null check (char_length(coin_id) between 1 and 32),   -- assigned by the host application
    daily_limit    integer check (daily_limit > 0),           -- null: no limit
    target_rule    target_rule not null,
    hold           interval not null default '0' check (hold >= '0'),             -- from award to settlement
    opens_at       timestamptz,
    closes_at      timestamptz,
    enabled        boolean not null default true,
    streak_length  integer check (streak_length > 0),         -- BONUS: number of consecutive days that earn it
    streak_repeats boolean not null default false,            -- BONUS: also for each multiple of that length
    day_budget     numeric(20,4) check (day_budget > 0),      -- sum of its awards per business day; null: no limit
    total_budget   numeric(20,4) check (total_budget > 0),    -- sum of its awards; null: no limit
    make_up_days   integer check (make_up_days between 1 and 31),    -- sign_in: days back that can be made up; null: none
    make_up_limit  integer check (make_up_limit between 1 and 31),   -- sign_in: made-up days per calendar month
    freeze_every   integer check (freeze_every between 2 and 3660),  -- sign_in: days of a streak that earn a freeze; null: none
    freeze_limit   integer check (freeze_limit between 1 and 30),    -- sign_in: freezes that a user can hold
    -- INVITE, null for other types: what an invitee must do, see 0014_qualifications.sql.
    pays           invite_party,                              -- null: the inviter
    required_items text[] check (cardinality(required_items) between 1 and 10),   -- each at least once; null: none
    sign_in_days   integer check (sign_in_days > 0),          -- number of days with a sign-in; null: none
    within_days    integer check (within_days > 0),           -- business days from the day of binding on; null: no limit
    max_account_age_days integer check (max_account_age_days > 0),   -- of the invitee at binding; null: no limit
    friends        integer check (friends > 0),               -- paid once, when this number of invitees has qualified
    lifetime_limit integer check (lifetime_limit > 0),        -- number of awards per user; null: no limit
    changed_by     text not null,
    reason         text not null,
    created_at     timestamptz not null,
    primary key (item, version),
    constraint window_in_order check (closes_at > opens_at),
    constraint deeds_fit_their_days check (
        within_days is null or within_days >= coalesce(sign_in_days, 1) and num_nonnulls(required_items, sign_in_days) > 0),
    constraint friends_pay_the_inviter check (friends is null or pays is distinct from 'INVITEE'),
    constraint range_as_a_whole check (num_nonnulls(amount_max, amount_step) in (0, 2)),
    constraint range_in_order check (amount_max > amount and (amount_max - amount) % amount_step = 0),
    constraint make_up_as_a_whole check (num_nonnulls(make_up_days, make_up_limit) in (0, 2)),
    constraint freezes_as_a_whole check (num_nonnulls(freeze_every, freeze_limit) in (0, 2)),
    constraint only_sign_in_forgives check (item = 'sign_in' or num_nonnulls(make_up_days, freeze_every) = 0)
);
create trigger rule_versions_never_change before update or delete on rule_versions for each row
    execute function refuse_change('a rule version never changes: add a new version');
create trigger rule_versions_are_not_truncated before truncate on rule_versions
    execute function refuse_change('a rule version never changes: add a new version');

create function refuse_misfit_rule_version() returns trigger language plpgsql as $$
declare
    kind award_type := (select award_type from rules where item = new.item);
begin
    if kind in ('WORD', 'RESERVATION', 'GRANT') then
        raise exception 'newbee: % is paid by campaigns or grants, so no rule can pay it', new.item using errcode = 'integrity_constraint_violation';
    elsif (kind = 'BONUS') <> (new.streak_length is not null) then
        raise exception 'newbee: a streak length belongs to BONUS rules, and to all of them (%)', new.item
            using errcode = 'integrity_constraint_violation';
    elsif kind <> 'INVITE' and num_nonnulls(new.pays, new.required_items, new.sign_in_days, new.within_days,
                                            new.max_account_age_days, new.friends, new.lifetime_limit) > 0 then
        raise exception 'newbee: conditions on invitees belong to INVITE rules (%)', new.item
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger rule_versions_fit_their_type before insert on rule_versions for each row execute function refuse_misfit_rule_version();

-- Budgets of rules: each period of a budget is allotted to eight slots, so that concurrent awards seldom wait for each
-- other. The constraint makes overspending impossible, and the sum of the allotments is the budget. Only awards of
-- versions with a budget are counted: an award names its version, so the counts can be verified.
create table budget_slots (
    item     text not null,                                   -- no reference: a dry run of an import writes single rows
    coin_id  text not null check (char_length(coin_id) between 1 and 32),
    period   date not null,                                   -- business day; 1900-01-01: all time
    slot     smallint not null check (slot between 0 and 7),
    allotted numeric(20,4) not null,
    spent    numeric(20,4) not null default 0,
    primary key (item, coin_id, period, slot),
    constraint never_overspent check (spent between 0 and allotted)
) with (fillfactor = 50);
create trigger budget_slots_keep_what_was_spent before update on budget_slots for each row
    when ((old.item, old.coin_id, old.period, old.slot) is distinct from (new.item, new.coin_id, new.period, new.slot)
          or new.spent < old.spent)
    execute function refuse_change('what a rule has spent never decreases');
create trigger budget_slots_are_kept before delete on budget_slots for each row
    execute function refuse_change('what a rule has spent is kept');
create trigger budget_slots_are_not_truncated before truncate on budget_slots
    execute function refuse_change('what a rule has spent is kept');

-- Part of an amount for a slot: an eighth, and for the first one also what the division leaves.
create function slot_share(amount numeric, slot integer) returns numeric immutable language sql as $$
    select trunc(amount / 8, 4) + case when slot = 0 then amount - 8 * trunc(amount / 8, 4) else 0 end
$$;

-- Takes an amount from the budget of a period. Returns false, without an effect, if less than the amount is left.
create function take_from_budget(of_item text, of_coin text, of_period date, budget numeric, taken numeric)
returns boolean language plpgsql as $$
declare
    first_slot integer := floor(random() * 8);
    chosen smallint;
    available numeric;
begin
    select s.slot into chosen from budget_slots s
    where (s.item, s.coin_id, s.period) = (of_item, of_coin, of_period) and s.allotted - s.spent >= taken
    order by (s.slot + first_slot) % 8 limit 1 for update skip locked;
    if not found then
        -- An exhausted budget is only read: it must not become a place where all requests wait.
        select sum(s.allotted - s.spent) into available from budget_slots s
        where (s.item, s.coin_id, s.period) = (of_item, of_coin, of_period);
        if available < taken then
            return false;
        end if;
        if available is null then
            -- The lock excludes a concurrent change of the rule, which resizes the slots that exist.
            perform from rules r where r.item = of_item for share;
            budget := coalesce((select case when of_period = '1900-01-01' then v.total_budget else v.day_budget end
                                from rule_versions v where v.item = of_item and v.coin_id = of_coin
                                order by v.version desc limit 1), budget);
            insert into budget_slots (item, coin_id, period, slot, allotted)
            select of_item, of_coin, of_period, n, slot_share(budget, n) from generate_series(0, 7) n
            on conflict do nothing;
        end if;
        -- Wait for the transactions that hold a slot, and join what is left in the slots if no single one has enough.
        perform from budget_slots s where (s.item, s.coin_id, s.period) = (of_item, of_coin, of_period)
        order by s.slot for update;
        select s.slot into chosen from budget_slots s
        where (s.item, s.coin_id, s.period) = (of_item, of_coin, of_period) and s.allotted - s.spent >= taken
        order by s.slot limit 1;
        if not found then
            select sum(s.allotted - s.spent) into available from budget_slots s
            where (s.item, s.coin_id, s.period) = (of_item, of_coin, of_period);
            if available < taken then
                return false;
            end if;
            update budget_slots s set allotted = s.spent + case when s.slot = 0 then available else 0 end
            where (s.item, s.coin_id, s.period) = (of_item, of_coin, of_period);
            chosen := 0;
        end if;
    end if;
    update budget_slots s set spent = s.spent + taken
    where (s.item, s.coin_id, s.period, s.slot) = (of_item, of_coin, of_period, chosen);
    return true;
end $$;

-- Number of changes of the catalogue. Processes keep a copy of the rules with this number; a statement that relies on
-- a copy compares the numbers.
create table rule_catalogue (
    only_row boolean primary key default true check (only_row),
    version  bigint not null
);
insert into rule_catalogue (version) values (1);
create function count_rule_change() returns trigger language plpgsql as $$
begin
    update rule_catalogue set version = version + 1;
    return null;
end $$;
create trigger rule_catalogue_is_not_truncated before truncate on rule_catalogue
    execute function refuse_change('the number of changes of the catalogue only grows');
create trigger rule_versions_count_as_change after insert on rule_versions
    for each statement execute function count_rule_change();

create view current_rules as
    select distinct on (item) * from rules join rule_versions using (item) order by item, version desc;

-- Amount of a version: the fixed one, or a uniformly distributed step of its range. The last 48 bits of a random UUID
-- come from the server's cryptographic generator; random() is predictable from enough of its output.
create function draw_amount(amount numeric, amount_max numeric, amount_step numeric) returns numeric volatile language sql as $$
    select case when amount_max is null then amount else
        amount + amount_step * floor((('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint / 281474976710656::numeric)
                                     * ((amount_max - amount) / amount_step + 1)) end
$$;

-- Initial catalogue; operators change it by adding versions. Items of campaigns and grants have no versions: their
-- awards reference the campaign or the grant.
insert into rules (item, award_type) values
    ('set_fomo_id', 'NEWBEE'), ('sign_in', 'DAILY'), ('join_group', 'DAILY'), ('invite_friend', 'INVITE'),
    ('word', 'WORD'), ('reservation', 'RESERVATION'), ('grant', 'GRANT');
insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, hold, changed_by, reason, created_at) values
    ('set_fomo_id',   1, 10, '1', null, 'NONE',       '0',      'migration', 'the first catalogue', '2020-01-01Z'),
    ('sign_in',       1,  5, '1', 1,    'NONE',       '0',      'migration', 'the first catalogue', '2020-01-01Z'),
    ('join_group',    1, 10, '1', 3,    'ONCE_A_DAY', '0',      'migration', 'the first catalogue', '2020-01-01Z'),
    ('invite_friend', 1, 20, '1', 20,   'ONCE_A_DAY', '3 days', 'migration', 'the first catalogue', '2020-01-01Z');

-- Texts of items, which customers see. They are no terms: an award does not depend on them, so a change of a text is no
-- version of the rule. The audit log has their history.

-- Returns true for a single line in the form in which texts are stored: composed (NFC), without white space around it,
-- without control characters and without characters that change the direction of what follows.
create function is_line(given text, longest integer) returns boolean immutable language sql as $$
    select char_length(given) between 1 and longest and given is nfc normalized
       and given !~ '^\s|\s$|[\u0001-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]'
$$;
-- Returns true for an https URL, or a deep link into an app: a scheme that no browser executes, opens as a file or sends
-- requests to. Printable ASCII without quotes, and without user name or password.
create function is_app_link(given text) returns boolean immutable language sql as $$
    select char_length(given) <= 500 and given ~ '^[a-z][a-z0-9+.-]{1,29}://[^/?#@]*([/?#]|$)' and given !~ '[^!-~]|["<>\\^`{|}]'
       and given !~ '://$'
       and case when given like 'https://%'
           then given ~ '^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?#]|$)'
           else split_part(given, ':', 1) not in ('about', 'blob', 'chrome', 'content', 'data', 'file', 'filesystem', 'ftp', 'http',
               'intent', 'jar', 'javascript', 'livescript', 'mocha', 'resource', 'vbscript', 'view-source', 'ws', 'wss') end
$$;
create table rule_texts (
    item           text primary key check (item ~ '^[a-z][a-z0-9_]{0,39}$'),   -- no reference: a dry run of an import writes single rows
    title_en       text check (is_line(title_en, 80)),
    title_zh       text check (is_line(title_zh, 80)),
    description_en text check (is_line(description_en, 500)),
    description_zh text check (is_line(description_zh, 500)),
    link           text check (is_app_link(link))
);
create trigger rule_texts_are_kept before delete on rule_texts for each row
    execute function refuse_change('texts of rules are changed, not deleted');
create trigger rule_texts_are_not_truncated before truncate on rule_texts
    execute function refuse_change('texts of rules are changed, not deleted');
