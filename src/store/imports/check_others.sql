-- Opening balances, streaks, places and claims: 'new', or why they are refused, or null if they are there.
with campaigns as materialized (
    select campaign_id, campaign_key, state::text, capacity, reserved_count from reservation_campaigns
    union all
    select (content ->> 'campaign_id')::bigint, content ->> 'campaign_key', 'NEW', (content ->> 'capacity')::integer, 0
    from import_lines where kind = 'reservationCampaign' and state is null
),
places as (
    select l.seq, p.*, c.campaign_id, c.state, c.capacity, r.reserved_at as old_reserved_at, r.cancelled_at as old_cancelled_at,
           -- A campaign that an interrupted run of this import created may be launched already.
           exists (select from import_lines n where n.kind = 'reservationCampaign' and n.content ->> 'campaign_key' = p.campaign_key)
               as is_named,
           c.reserved_count + count(*) filter (where r.user_id is null and p.cancelled_at is null) over (partition by c.campaign_id)
               as all_places
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as p (campaign_key text, reserved_at timestamptz, cancelled_at timestamptz)
    left join campaigns c using (campaign_key)
    left join reservations r on (r.user_id, r.campaign_id) = (l.user_id, c.campaign_id)
    where l.kind = 'place' and l.state is null
),
words as (
    select campaign_id, max_count from word_campaigns
    union
    select (content ->> 'campaign_id')::bigint, (content ->> 'max_count')::integer
    from import_lines where kind = 'wordCampaign' and state is null
),
checked as (
    select l.seq, case
        when (e.amount, e.posted_at) <> ((l.content ->> 'amount')::numeric, (l.content ->> 'posted_at')::timestamptz)
            then format('The user has the opening balance %s of coin %s, of %s.', e.amount, e.coin_id, to_json(e.posted_at) #>> '{}')
    end as reason
    from import_lines l
    join ledger_entries e on e.user_id = l.user_id and e.coin_id = l.content ->> 'coin_id' and e.kind = 'OPENING'
    where l.kind = 'openingBalance' and l.state is null
    union all
    select l.seq, case
        when f.last_sign_in > (l.content ->> 'last_day')::date then null
        when (f.last_sign_in, f.streak_length) <> ((l.content ->> 'last_day')::date, (l.content ->> 'length')::integer)
            then format('The user has a streak of %s days until %s.', f.streak_length, f.last_sign_in)
    end
    from import_lines l join award_feeds f using (user_id)
    where l.kind = 'streak' and l.state is null and f.last_sign_in is not null
    union all
    select seq, case
        when campaign_id is null
            then format('There is no reservation campaign %s. Create it first: newbee reservation create %1$s', campaign_key)
        when old_reserved_at > reserved_at or old_reserved_at = reserved_at and (cancelled_at is null or cancelled_at = old_cancelled_at)
            then null
        when old_reserved_at is not null
            then format('The user reserved at %s, and cancelled at %s.', to_json(old_reserved_at) #>> '{}',
                        coalesce(to_json(old_cancelled_at) #>> '{}', 'no time'))
        when all_places > capacity
            then format('The campaign %s has %s places, but %s are reserved.', campaign_key, capacity, all_places)
        when state = 'LAUNCHED' and not is_named then format('The campaign %s is launched: it takes no more places.', campaign_key)
        else 'new'
    end
    from places
    union all
    select l.seq, case
        when w.campaign_id is null then format('There is no word campaign %s.', c.campaign_id)
        when c.share_number > w.max_count then format('The word campaign %s has %s shares.', c.campaign_id, w.max_count)
        when s.user_id = l.user_id and (s.claim_number, s.award_id, s.amount) = (c.claim_number, c.award_id, c.amount) then null
        when s.user_id is not null then format('The share is claimed by user %s.', s.user_id)
        when not exists (select from awards a where (a.user_id, a.award_id) = (l.user_id, c.award_id))
             and not exists (select from import_lines a where a.kind = 'award' and a.key = c.award_id::text and a.state is null)
            then format('The user has no award %s.', c.award_id)
        else 'new'
    end
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as c (
        campaign_id bigint, share_number integer, claim_number integer, award_id bigint, amount numeric)
    left join words w using (campaign_id)
    left join word_shares s on (s.campaign_id, s.share_number) = (c.campaign_id, c.share_number)
    where l.kind = 'claim' and l.state is null
)
update import_lines l
set state = case when c.reason is null then 'unchanged' else 'refused' end, reason = c.reason
from checked c where c.seq = l.seq and c.reason is distinct from 'new'
