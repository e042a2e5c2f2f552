-- Rules as data: amounts drawn from a range, and bonuses for streaks. Also awards that a campaign pays instead of a
-- rule.

-- 3 WORD, 4 RESERVATION, 5 BONUS
alter table rules drop constraint rules_award_type_check, add constraint rules_award_type_check check (award_type between 0 and 5);
alter table awards drop constraint awards_award_type_check, add constraint awards_award_type_check check (award_type between 0 and 5);

alter table rule_versions
    add column amount_max     numeric(20,4),                  -- null: the amount is fixed; else it is drawn between amount and this value
    add column amount_step    numeric(20,4) check (amount_step > 0),
    add column streak_length  integer check (streak_length > 0),   -- BONUS: number of consecutive days that earn it
    add column streak_repeats boolean not null default false, -- BONUS: also for each multiple of that length
    add constraint range_as_a_whole check (num_nonnulls(amount_max, amount_step) in (0, 2)),
    add constraint range_in_order check (amount_max > amount and (amount_max - amount) % amount_step = 0);

-- The new columns are at the end of both tables, so that the view is only extended.
create or replace view current_rules as
    select distinct on (item) * from rules join rule_versions using (item) order by item, version desc;

create function refuse_misfit_rule_version() returns trigger language plpgsql as $$
declare
    kind smallint := (select award_type from rules where item = new.item);
begin
    if kind in (3, 4) then
        raise exception 'newbee: % is paid by campaigns, so no rule can pay it', new.item using errcode = 'integrity_constraint_violation';
    elsif (kind = 5) <> (new.streak_length is not null) then
        raise exception 'newbee: a streak length belongs to BONUS rules, and to all of them (%)', new.item
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger rule_versions_fit_their_type before insert on rule_versions for each row execute function refuse_misfit_rule_version();

-- Amount of a version: the fixed one, or a uniformly distributed step of its range. The last 48 bits of a random UUID
-- come from the server's cryptographic generator; random() is predictable from enough of its output.
create function draw_amount(amount numeric, amount_max numeric, amount_step numeric) returns numeric volatile language sql as $$
    select case when amount_max is null then amount else
        amount + amount_step * floor((('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint / 281474976710656::numeric)
                                     * ((amount_max - amount) / amount_step + 1)) end
$$;

alter table awards
    alter column rule_version drop not null,
    add column recorded_by text check (char_length(recorded_by) between 1 and 100),   -- null: the user's own action
    add constraint paid_by_a_rule_or_a_campaign check ((rule_version is null) = (award_type in (3, 4)));

drop trigger awards_move_legally on awards;
create trigger awards_move_legally before update on awards for each row
    when ((old.user_id, old.award_id, old.source, old.source_key, old.item, old.award_type, old.rule_version, old.amount,
           old.coin_id, old.target_id, old.business_day, old.created_at, old.recorded_by)
          is distinct from
          (new.user_id, new.award_id, new.source, new.source_key, new.item, new.award_type, new.rule_version, new.amount,
           new.coin_id, new.target_id, new.business_day, new.created_at, new.recorded_by)
          or not (new.status = old.status or (old.status = 0 and new.status in (1, 3)) or (old.status = 1 and new.status = 2)))
    execute function refuse_change('an award only moves PENDING to SETTLED to REVERSED, or PENDING to VOID');

-- Items of campaigns: their awards reference the campaign instead of a rule.
insert into rules (item, award_type) values ('word', 3), ('reservation', 4);
