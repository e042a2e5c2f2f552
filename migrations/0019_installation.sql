-- Facts about the installation: one row, inserted at the first start.

create table installation (
    only_one   boolean primary key default true check (only_one),
    time_zone  text not null check (char_length(time_zone) between 1 and 64),   -- IANA name of the business time zone
    created_at timestamptz not null,
    changed_at timestamptz not null                           -- time when the zone was stored or last changed
);
create trigger installation_is_not_truncated before truncate on installation
    execute function refuse_change('the business time zone is changed by newbee zone change');
