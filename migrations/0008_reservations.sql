-- Reservations: campaigns with one place per user, and the rewards that a launch pays for each place.

create type reservation_campaign_state as enum ('OPEN', 'CLOSED', 'LAUNCHED');

create table reservation_campaigns (
    campaign_id       bigint generated always as identity primary key,
    campaign_key      text not null unique check (campaign_key ~ '^[a-z][a-z0-9_-]{0,39}$'),
    title             text check (char_length(title) between 1 and 100),
    capacity          integer check (capacity > 0),             -- null: no limit
    opens_at          timestamptz,                              -- null: from the beginning
    closes_at         timestamptz,                              -- null: until it is closed by an operator or launched
    reward_amount     numeric(20,4) check (reward_amount > 0),  -- null: a launch pays nothing
    reward_coin_id    text check (char_length(reward_coin_id) between 1 and 32),
    reward_hold       interval not null default '0' check (reward_hold >= '0'),   -- from award to settlement
    reserved_count    integer not null default 0 check (reserved_count >= 0),
    state             reservation_campaign_state not null default 'OPEN',   -- CLOSED: by an operator
    launched_at       timestamptz,
    launched_by       text,
    rewards_paid_at   timestamptz,                              -- every place has its award
    is_legacy_default boolean not null default false,           -- counted by `customer/subscribe_counts` without a key
    created_by        text not null,
    reason            text not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    constraint reservation_window_in_order check (closes_at > opens_at),
    constraint never_oversold check (reserved_count <= capacity),
    constraint reward_as_a_whole check (num_nonnulls(reward_amount, reward_coin_id) in (0, 2)),
    constraint launched_as_a_whole check (num_nonnulls(launched_at, launched_by) = case state when 'LAUNCHED' then 2 else 0 end),
    constraint paid_after_launch check (rewards_paid_at is null or (state = 'LAUNCHED' and reward_amount is not null))
) with (fillfactor = 10);   -- few rows, each updated by every reservation: leaves space for updates within the page
create unique index reservation_campaigns_one_legacy_default on reservation_campaigns (is_legacy_default) where is_legacy_default;

create trigger reservation_campaigns_keep_their_key before update on reservation_campaigns for each row
    when (old.campaign_key <> new.campaign_key)
    execute function refuse_change('a campaign keeps its key: clients and awards name it');
create trigger reservation_campaigns_launch_once before update on reservation_campaigns for each row
    when (old.state = 'LAUNCHED' and not is_import()
          and ((old.state, old.launched_at, old.launched_by, old.capacity, old.opens_at, old.closes_at, old.reward_amount,
                old.reward_coin_id, old.reward_hold, old.reserved_count)
               is distinct from
               (new.state, new.launched_at, new.launched_by, new.capacity, new.opens_at, new.closes_at, new.reward_amount,
                new.reward_coin_id, new.reward_hold, new.reserved_count)
               or (old.rewards_paid_at is not null and old.rewards_paid_at is distinct from new.rewards_paid_at)))
    execute function refuse_change('a launched campaign is as it was launched');
create trigger reservation_campaigns_are_kept before delete on reservation_campaigns for each row
    execute function refuse_change('campaigns are never deleted: close them');
create trigger reservation_campaigns_are_not_truncated before truncate on reservation_campaigns
    execute function refuse_change('campaigns are never deleted: close them');

-- No foreign key to the campaign: its check would lock the one row that all reservations of a campaign update. The
-- trigger below reads that row without a lock, and campaigns are never deleted.
create table reservations (
    user_id      bigint not null,
    campaign_id  bigint not null,
    reserved_at  timestamptz not null,                          -- time of the latest reservation
    cancelled_at timestamptz,                                   -- null: the reservation is active
    primary key (user_id, campaign_id)
) with (fillfactor = 90);
-- For the sweep of a launch.
create index reservations_of_campaign on reservations (campaign_id, user_id) where cancelled_at is null;

-- Stable: uses the snapshot of the calling statement, so a statement that checked the state first is never rejected
-- because of a concurrent launch.
create function refuse_reservation_unless_open() returns trigger stable language plpgsql as $$
begin
    if not exists (select 1 from reservation_campaigns where campaign_id = new.campaign_id and state = 'OPEN') and not is_import() then
        raise exception 'newbee: the reservation campaign % is not open', new.campaign_id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger reservations_of_open_campaigns before insert or update on reservations for each row
    execute function refuse_reservation_unless_open();
create trigger reservations_are_kept before delete on reservations for each row
    execute function refuse_change('reservations are never deleted: cancel them');
create trigger reservations_are_not_truncated before truncate on reservations
    execute function refuse_change('reservations are never deleted: cancel them');

-- Invariants of reservations, like invariant_violations.
create view reservation_violations as
    with live as (
        select campaign_id, count(*) as places from reservations where cancelled_at is null group by campaign_id
    ),
    paid as (
        select user_id, award_id, source_key, amount, coin_id from awards where source = 'reservation'
    )
    select 'reserved count differs from the reservations' as violation,
           format('campaign %s: counted %s, there are %s', campaign_id, coalesce(c.reserved_count, 0), coalesce(l.places, 0)) as detail
    from reservation_campaigns c full join live l using (campaign_id)
    where c.campaign_id is null or c.reserved_count <> coalesce(l.places, 0)
union all
    select 'campaign oversold', format('campaign %s: %s places, %s reserved', campaign_id, c.capacity, l.places)
    from reservation_campaigns c join live l using (campaign_id)
    where l.places > c.capacity
union all
    select 'reservation award without its reservation', format('user %s award %s', p.user_id, p.award_id)
    from paid p
    left join reservation_campaigns c on c.campaign_id::text = p.source_key and c.state = 'LAUNCHED'
    left join reservations r on r.user_id = p.user_id and r.campaign_id = c.campaign_id and r.cancelled_at is null
    where r.user_id is null or (p.amount, p.coin_id) is distinct from (c.reward_amount, c.reward_coin_id)
union all
    select 'paid campaign without an award for a reservation', format('campaign %s user %s', r.campaign_id, r.user_id)
    from reservation_campaigns c join reservations r on r.campaign_id = c.campaign_id and r.cancelled_at is null
    left join paid p on p.user_id = r.user_id and p.source_key = c.campaign_id::text
    where c.rewards_paid_at is not null and p.award_id is null;
