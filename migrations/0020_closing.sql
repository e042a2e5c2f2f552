-- Closing of days: a wider type for totals, and reopening of empty days that were closed by mistake.

-- A sum of up to 10^18 amounts below 10^16 fits. The view depends on the column, so it is dropped and recreated
-- unchanged.
do $$
declare
    view_text text := pg_get_viewdef('ledger_violations');
    all_text  text := pg_get_viewdef('invariant_violations');
begin
    drop view invariant_violations;
    drop view ledger_violations;
    alter table business_day_totals alter column amount type numeric(38,4);
    execute 'create view ledger_violations as ' || view_text;
    execute 'create view invariant_violations as ' || all_text;
end $$;

-- A closed day stays closed, unless no award was ever counted on it.
create function refuse_reopening() returns trigger language plpgsql as $$
begin
    if exists (select from business_day_totals where day = old.day)
       or exists (select from awards where business_day = old.day) then
        raise exception 'newbee: the closed business day % holds awards and stays closed', old.day
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
drop trigger business_days_stay_closed on business_days;
create trigger business_days_stay_closed before update on business_days for each row
    when (old.state = 'CLOSED' and new.state <> 'CLOSED')
    execute function refuse_reopening();
