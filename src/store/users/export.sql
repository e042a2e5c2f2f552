-- Everything that is stored about a user, as one JSON object of lists, in one snapshot. Amounts and ids are text, as in
-- the APIs. Hashes of keys are left out, and the ids of other users that were found by the same search.
--   $1 user id
with rows (part, place, content) as (
    select 'user', 1::bigint, to_jsonb(t) from users t where user_id = $1
union all
    select 'invitation', 1, to_jsonb(t) from invitations t where user_id = $1
union all
    select 'children', row_number() over (order by bound_at, user_id), jsonb_build_object('child_id', user_id, 'bound_at', bound_at)
    from invitation_children where parent_id = $1
union all
    select 'sessions', row_number() over (order by created_at, key_hash), to_jsonb(t) from sessions t where user_id = $1
union all
    select 'session_requests', row_number() over (order by request_key), to_jsonb(t) from session_requests t where user_id = $1
union all
    select 'reports', row_number() over (order by created_at, idempotency_key), to_jsonb(t) from task_requests t where user_id = $1
union all
    select 'awards', row_number() over (order by award_id), to_jsonb(t) from awards t where user_id = $1
union all
    select 'ledger_entries', row_number() over (order by posted_at, award_id, kind), to_jsonb(t) from ledger_entries t where user_id = $1
union all
    select 'balances', row_number() over (order by coin_id), to_jsonb(t) from balances t where user_id = $1
union all
    select 'streak', 1, to_jsonb(t) || jsonb_build_object('imported_last_day', s.last_day, 'imported_streak_length', s.streak_length)
    from award_feeds t left join imported_streaks s using (user_id) where user_id = $1
union all
    select 'covered_days', row_number() over (order by day), to_jsonb(t) from covered_days t where user_id = $1
union all
    select 'daily_counts', row_number() over (order by business_day, item), to_jsonb(t) from daily_counters t where user_id = $1
union all
    select 'qualifications', row_number() over (order by item), to_jsonb(t) from qualifications t where user_id = $1
union all
    select 'attempt_limits', row_number() over (order by action), to_jsonb(t) from tries t where user_id = $1
union all
    select 'word_shares', row_number() over (order by claimed_at, campaign_id), to_jsonb(t) || jsonb_build_object('word', c.word)
    from word_shares t join word_campaigns c using (campaign_id) where user_id = $1
union all
    select 'reservations', row_number() over (order by campaign_id), to_jsonb(t) || jsonb_build_object('campaign_key', c.campaign_key)
    from reservations t join reservation_campaigns c using (campaign_id) where user_id = $1
union all
    select 'grants', row_number() over (order by grant_id, line),
           to_jsonb(t) || jsonb_build_object('reason', g.reason, 'requested_at', g.requested_at, 'state', g.state)
    from grant_lines t join grants g using (grant_id) where user_id = $1
union all
    select 'audit_log', row_number() over (order by audit_id), content from (
        select audit_id, to_jsonb(t) as content from audit_log t where user_id = $1
        union all
        select audit_id, to_jsonb(t) || '{"after": null}' from audit_log t
        where action = 'find_users' and after @> jsonb_build_object('userIds', jsonb_build_array($1::bigint::text))
    ) entries
),
published as (
    select part, place, jsonb_object_agg(key, case
               when jsonb_typeof(value) = 'number' and key ~ '(_id|^amount|^settled)$' then to_jsonb(value #>> '{}')
               else value end) as content
    from rows cross join jsonb_each(content - '{user_id,key_hash,content_hash,search_name}'::text[])
    group by part, place
)
select jsonb_object_agg(part, list) as "parts"
from (select part, jsonb_agg(content order by place) as list from published group by part) lists
