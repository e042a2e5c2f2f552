-- Business days and their totals, and the time zone of the installation.

create type day_state as enum ('OPEN', 'CLOSED');

create table business_days (
    day           date primary key,
    state         day_state not null,
    closed_at     timestamptz,
    closed_by_run bigint,
    constraint closed_as_a_whole check ((state = 'CLOSED') = (closed_at is not null))
);
create trigger business_days_are_kept before delete on business_days for each row
    when (old.state = 'CLOSED')
    execute function refuse_change('a closed day is kept');
create trigger business_days_are_not_truncated before truncate on business_days
    execute function refuse_change('a closed day is kept');

-- Every award counts on the day of its creation, regardless of later status changes, so the totals of a closed day
-- remain valid. A sum of up to 10^18 amounts below 10^16 fits.
create table business_day_totals (
    day         date not null references business_days,
    item        text not null,
    coin_id     text not null,
    award_count bigint not null check (award_count > 0),
    amount      numeric(38,4) not null,
    primary key (day, item, coin_id)
);
create trigger business_day_totals_never_change before update or delete on business_day_totals for each row
    execute function refuse_change('the totals of a closed day never change');
create trigger business_day_totals_are_not_truncated before truncate on business_day_totals
    execute function refuse_change('the totals of a closed day never change');

-- Awards that an import added to a day after its closing: with the recorded totals they are all awards of the day.
create table imported_totals (
    day         date not null,
    item        text not null,
    coin_id     text not null,
    award_count bigint not null check (award_count > 0),
    amount      numeric(38,4) not null,
    primary key (day, item, coin_id)
);
create trigger imported_totals_are_not_truncated before truncate on imported_totals
    execute function refuse_change('awards are never deleted');

-- Facts about the installation: one row, inserted at the first start.
create table installation (
    only_one   boolean primary key default true check (only_one),
    time_zone  text not null check (char_length(time_zone) between 1 and 64),   -- IANA name of the business time zone
    created_at timestamptz not null,
    changed_at timestamptz not null                           -- time when the zone was stored or last changed
);
create trigger installation_is_not_truncated before truncate on installation
    execute function refuse_change('the business time zone is changed by newbee zone change');
