-- Qualifications of invitees: INVITE rules can demand deeds of the invitee before they pay. A row exists for each user who
-- bound a code while such a rule was open, under the version of that time. The statement that makes the award of a deed
-- also pays the invitation: a trigger on awards looks for a PENDING row of the user.
--
-- A deed is an award of type NEWBEE or DAILY that was made after the binding, for the day of the binding or a later one,
-- and that is not voided or reversed. An item of type NEWBEE also counts if it was done before: it cannot be repeated.
--
-- Feeds of awards are locked first, invitee and inviter in the order of their ids: a deed and a binding of the same user
-- wait for each other, so that no deed is missed, and payments to one inviter are counted one after the other.

create type qualification_state as enum ('PENDING', 'QUALIFIED', 'EXPIRED', 'INELIGIBLE');
-- Reasons why a qualified invitee is not paid for.
create type unpaid_reason as enum ('DAILY_LIMIT', 'LIFETIME_LIMIT', 'BUDGET', 'MORE_FRIENDS', 'ALREADY_PAID', 'ERASED');

create table qualifications (
    user_id      bigint not null,                             -- the invitee
    item         text not null,                               -- of the rule catalogue
    rule_version integer not null,                            -- in force at the binding
    inviter_id   bigint not null,
    pays         invite_party not null,
    state        qualification_state not null,
    bound_day    date not null,
    last_day     date,                                        -- last business day whose deeds count; null: no limit
    after_award  bigint not null check (after_award >= 0),    -- awards with larger ids were made after the binding
    -- Progress at the last deed.
    sign_in_days integer not null default 0 check (sign_in_days >= 0),
    done_items   text[] not null default '{}',
    decided_at   timestamptz,                                 -- null while PENDING
    award_id     bigint,                                      -- of the inviter or the invitee; null: not paid
    unpaid       unpaid_reason,
    primary key (user_id, item),
    constraint an_inviter_is_another_user check (inviter_id <> user_id),
    constraint last_day_from_the_binding_on check (last_day >= bound_day),
    constraint decided_unless_pending check ((state = 'PENDING') = (decided_at is null)),
    constraint paid_or_not_once_qualified check (num_nonnulls(award_id, unpaid) = case state when 'QUALIFIED' then 1 else 0 end)
);
-- The look-up of every deed: it finds only users who can still qualify.
create index qualifications_pending on qualifications (user_id) where state = 'PENDING';
-- For the friends of a milestone, and the number of invitees in each state.
create index qualifications_by_inviter on qualifications (inviter_id, item, state) include (user_id, last_day, pays);
create trigger qualifications_are_decided_once before update on qualifications for each row
    when (old.state <> 'PENDING'
          or (old.user_id, old.item, old.rule_version, old.inviter_id, old.pays, old.bound_day, old.last_day, old.after_award)
             is distinct from
             (new.user_id, new.item, new.rule_version, new.inviter_id, new.pays, new.bound_day, new.last_day, new.after_award))
    execute function refuse_change('a qualification keeps its terms, and is decided once');
create trigger qualifications_are_kept before delete on qualifications for each row
    execute function refuse_change('qualifications are never deleted');
create trigger qualifications_are_not_truncated before truncate on qualifications
    execute function refuse_change('qualifications are never deleted');

-- Deeds of an invitee. With `corrected`, those that were voided or reversed later count as well.
create function deeds_of(q qualifications, items text[], corrected boolean, out sign_in_days integer, out done_items text[])
stable language sql as $$
    with deeds as (
        select a.item, a.source, a.business_day
        from awards a
        where a.user_id = q.user_id and a.award_id > q.after_award and a.source <> 'import'
          and a.award_type in ('NEWBEE', 'DAILY') and a.business_day >= q.bound_day
          and (q.last_day is null or a.business_day <= q.last_day)
          and (corrected or a.status in ('PENDING', 'SETTLED'))
    )
    select (select count(distinct business_day) from deeds where source = 'sign_in')::integer,
           array(select i from unnest(items) i
                 where exists (select 1 from deeds d where d.item = i)
                    or exists (select 1 from awards a
                               where a.once_day = '1900-01-01' and a.user_id = q.user_id and a.item = i
                                 and a.award_type = 'NEWBEE' and (a.award_id <= q.after_award or a.source = 'import')
                                 and (corrected or a.status in ('PENDING', 'SETTLED')))
                 order by i)
$$;

-- Pays an invitation by a version of its rule, or returns why it is not paid. Awards of the day, of all time and of a
-- budget are counted under the lock of the payee's feed.
create function pay_invitation(of_item text, of_version integer, invitee bigint, inviter bigint, on_day date, at timestamptz,
                               reported_by text, out paid_award bigint, out reason unpaid_reason)
language plpgsql as $$
declare
    v rule_versions;
    payee bigint := inviter;
    other bigint := invitee;
    key text;
    change bigint;
    drawn numeric;
begin
    select * into strict v from rule_versions where (item, version) = (of_item, of_version);
    if v.pays = 'INVITEE' then
        payee := invitee;
        other := inviter;
    end if;
    key := case when v.friends is null then other::text else 'friends' end;
    insert into award_feeds as f (user_id, last_change) values (payee, 1)
    on conflict (user_id) do update set last_change = f.last_change + 1
    returning f.last_change into change;
    if v.friends is not null then
        if exists (select 1 from awards where (once_day, user_id, source, source_key) = ('1900-01-01', payee, of_item, key)) then
            reason := 'ALREADY_PAID';
        -- The invitee whose deed this is has no row in the state QUALIFIED yet.
        elsif (select count(*) from qualifications q where (q.inviter_id, q.item, q.state) = (inviter, of_item, 'QUALIFIED'))
              + 1 < v.friends then
            reason := 'MORE_FRIENDS';
        end if;
    end if;
    if reason is null and exists (select 1 from users where user_id = payee and erased_at is not null) then
        reason := 'ERASED';
    elsif reason is null and v.lifetime_limit <= (
        select count(*) from (select 1 from awards where once_day = '1900-01-01' and user_id = payee and source = of_item
                              limit v.lifetime_limit) counted) then
        reason := 'LIFETIME_LIMIT';
    elsif reason is null and v.daily_limit <= (
        select count from daily_counters where (user_id, business_day, item) = (payee, on_day, of_item)) then
        reason := 'DAILY_LIMIT';
    end if;
    if reason is not null then
        return;
    end if;
    drawn := draw_amount(v.amount, v.amount_max, v.amount_step);
    if num_nonnulls(v.day_budget, v.total_budget) > 0 then
        begin
            if (v.day_budget is not null and not take_from_budget(of_item, v.coin_id, on_day, v.day_budget, drawn))
               or (v.total_budget is not null
                   and not take_from_budget(of_item, v.coin_id, '1900-01-01', v.total_budget, drawn)) then
                raise exception 'newbee: the budget is spent' using errcode = 'NB001';
            end if;
        exception when sqlstate 'NB001' then
            -- What was taken for the day is given back with this block.
            reason := 'BUDGET';
            return;
        end;
    end if;
    insert into daily_counters as c (user_id, business_day, item, count) values (payee, on_day, of_item, 1)
    on conflict (user_id, business_day, item) do update set count = c.count + 1;
    insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                        business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
    values (payee, of_item, key, of_item, 'INVITE', of_version, drawn, v.coin_id,
            case when v.friends is null then other::text end, on_day, at + v.hold, at, at, reported_by, change)
    returning award_id into paid_award;
end $$;

-- Records the progress of an invitee after a deed, and pays once nothing is left to do.
create function advance_qualification(invitee bigint, of_item text, on_day date, at timestamptz, reported_by text)
returns void language plpgsql as $$
declare
    q qualifications;
    v rule_versions;
    deeds record;
    paid record;
begin
    select * into q from qualifications where (user_id, item) = (invitee, of_item) and state = 'PENDING' for update;
    if not found then
        return;
    end if;
    select * into strict v from rule_versions where (item, version) = (of_item, q.rule_version);
    select * into deeds from deeds_of(q, coalesce(v.required_items, '{}'), false);
    if deeds.sign_in_days >= coalesce(v.sign_in_days, 0)
       and cardinality(deeds.done_items) >= coalesce(cardinality(v.required_items), 0) then
        select * into paid from pay_invitation(of_item, q.rule_version, invitee, q.inviter_id, on_day, at, reported_by);
        update qualifications
        set state = 'QUALIFIED', sign_in_days = deeds.sign_in_days, done_items = deeds.done_items, decided_at = at,
            award_id = paid.paid_award, unpaid = paid.reason
        where (user_id, item) = (invitee, of_item);
    elsif exists (select 1 from business_days where state = 'CLOSED' and day = q.last_day) then
        -- Until its last day is closed, a deed of that day may still be reported.
        update qualifications
        set state = 'EXPIRED', sign_in_days = deeds.sign_in_days, done_items = deeds.done_items, decided_at = at
        where (user_id, item) = (invitee, of_item);
    elsif (deeds.sign_in_days, deeds.done_items) is distinct from (q.sign_in_days, q.done_items) then
        update qualifications set sign_in_days = deeds.sign_in_days, done_items = deeds.done_items
        where (user_id, item) = (invitee, of_item);
    end if;
end $$;

-- Applies the open INVITE rules to a new binding: pays those without conditions, and begins a qualification for each other
-- one, which may be complete at once.
create function apply_invite_rules(invitee bigint, inviter bigint, bound_at timestamptz, on_day date, entered_at timestamptz,
                                   reported_by text)
returns void language plpgsql as $$
declare
    open_rules rule_versions[] := array(
        select v from rule_versions v
        join (select item, version from current_rules where award_type = 'INVITE' and enabled
                and (opens_at is null or opens_at <= entered_at) and (closes_at is null or closes_at > entered_at)) r
          using (item, version)
        order by v.item);
    v rule_versions;
    last_award bigint;
    is_too_old boolean;
begin
    if exists (select 1 from unnest(open_rules) r
               where num_nonnulls(r.required_items, r.sign_in_days, r.max_account_age_days, r.friends) > 0 or r.pays = 'INVITEE') then
        insert into award_feeds as f (user_id, last_change) select id, 1 from unnest(array[invitee, inviter]) id order by id
        on conflict (user_id) do update set last_change = f.last_change + 1;
        select case when is_called then last_value else 0 end into last_award from award_ids;
    end if;
    foreach v in array open_rules loop
        if num_nonnulls(v.required_items, v.sign_in_days, v.max_account_age_days, v.friends) = 0 then
            perform pay_invitation(v.item, v.version, invitee, inviter, on_day, bound_at, reported_by);
            continue;
        end if;
        is_too_old := coalesce(
            (select entered_at >= created_at + make_interval(hours => 24 * v.max_account_age_days) from users where user_id = invitee),
            false);
        insert into qualifications (user_id, item, rule_version, inviter_id, pays, state, bound_day, last_day, after_award, decided_at)
        values (invitee, v.item, v.version, inviter, coalesce(v.pays, 'INVITER'),
                (case when is_too_old then 'INELIGIBLE' else 'PENDING' end)::qualification_state, on_day, on_day + v.within_days - 1,
                last_award, case when is_too_old then bound_at end);
        perform advance_qualification(invitee, v.item, on_day, bound_at, reported_by);
    end loop;
end $$;

-- Advances the qualifications of users who have new awards. Without a PENDING row of these users it is one look-up each.
create function qualify_invitees() returns trigger language plpgsql as $$
declare
    deed record;
begin
    -- Where nobody may qualify, the users of the new awards are not looked up.
    if (select user_id from qualifications where state = 'PENDING' order by user_id limit 1) is null
       or not exists (select 1 from made m
                       where m.award_type in ('NEWBEE', 'DAILY')
                         -- `offset 0` keeps the look-up by the index, whatever size the table had when this was planned.
                         and exists (select 1 from qualifications q where q.user_id = m.user_id and q.state = 'PENDING' offset 0))
       or is_import() then
        return null;
    end if;
    for deed in
        select m.user_id, q.item, m.business_day, m.created_at, m.recorded_by
        from (select distinct on (user_id) * from made
              where award_type in ('NEWBEE', 'DAILY') and source <> 'import' order by user_id, award_id) m
        join qualifications q on q.user_id = m.user_id and q.state = 'PENDING'
        order by m.user_id, q.item
    loop
        perform advance_qualification(deed.user_id, deed.item, deed.business_day, deed.created_at, deed.recorded_by);
    end loop;
    return null;
end $$;
create trigger awards_qualify_invitees after insert on awards referencing new table as made
    for each statement execute function qualify_invitees();

-- Qualifications of an invitee as JSON, in the state of a day: those that pay one of both, or all.
create function shown_qualifications(of_user bigint, paying invite_party, today date) returns jsonb stable language sql as $$
    select jsonb_agg(jsonb_build_object(
               'item', q.item, 'ruleVersion', q.rule_version, 'pays', q.pays,
               'state', case when q.state = 'PENDING' and q.last_day < today then 'EXPIRED' else q.state end,
               'signInDays', q.sign_in_days, 'requiredSignInDays', coalesce(v.sign_in_days, 0),
               'doneItems', q.done_items, 'requiredItems', coalesce(v.required_items, '{}'),
               'lastDay', q.last_day, 'awardId', q.award_id, 'unpaid', q.unpaid) order by q.item)
    from qualifications q join rule_versions v on (v.item, v.version) = (q.item, q.rule_version)
    where q.user_id = of_user and (paying is null or q.pays = paying)
$$;

select require_sane_values();
