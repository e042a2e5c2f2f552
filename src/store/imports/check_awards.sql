with versions as materialized (
    select item, version from rule_versions
    union
    select content ->> 'item', (content ->> 'version')::integer from import_lines where kind = 'rule' and state is null
),
items as materialized (
    select item from rules union select item from versions
),
lines as materialized (
    select l.seq, l.user_id, c.*
    from import_lines l cross join lateral jsonb_to_record(l.content) as c (
        award_id bigint, item text, award_type award_type, amount numeric, coin_id text, target_id text, status award_status,
        business_day date, created_at timestamptz, rule_version integer, source text, source_key text, changed_in bigint)
    where l.kind = 'award' and l.state is null
),
existing as (
    select l.seq, true as is_there, case
        when a.user_id <> l.user_id then format('Award %s belongs to user %s.', a.award_id, a.user_id)
        when (a.item, a.award_type) <> (l.item, l.award_type)
            then format('Award %s is for %s, of type %s.', a.award_id, a.item, a.award_type)
        when (a.amount, a.coin_id) <> (l.amount, l.coin_id)
            then format('Award %s has the amount %s of coin %s.', a.award_id, a.amount, a.coin_id)
        when e.user_id is null and a.target_id is distinct from l.target_id
            then format('Award %s has the target %s.', a.award_id, coalesce(a.target_id, 'null'))
        when a.created_at <> l.created_at
            then format('Award %s was created at %s.', a.award_id, to_json(a.created_at) #>> '{}')
        when a.business_day <> l.business_day then format('Award %s counts on %s.', a.award_id, a.business_day)
        when (a.source, case when e.user_id is null then a.source_key else l.source_key end) <> (l.source, l.source_key)
            then format('Award %s has the source %s and the key %s.', a.award_id, a.source, a.source_key)
        -- The status may have moved on since the line was written.
        when not (a.status = l.status or l.status = 'PENDING' or (l.status, a.status) = ('SETTLED', 'REVERSED'))
            then format('Award %s is %s.', a.award_id, a.status)
    end as reason
    from lines l
    join awards a on a.award_id = l.award_id
    -- Erased users have lost targets and keys.
    left join users e on e.user_id = a.user_id and e.erased_at is not null
),
impossible as (
    select l.seq, false as is_there, case
        when i.item is null then format('The rule catalogue has no item %s. Create it first: newbee rule set %s', l.item, l.item)
        when l.award_type::text in ('WORD', 'RESERVATION', 'GRANT') and l.rule_version is not null
            then 'An award of a campaign or by hand has no ruleVersion.'
        when l.rule_version is not null and v.item is null then format('The rule %s has no version %s.', l.item, l.rule_version)
        when l.award_type::text not in ('WORD', 'RESERVATION', 'GRANT') and not exists (select from versions o where o.item = l.item)
            then format('The item %s has no rule, so awardType is WORD, RESERVATION or GRANT.', l.item)
        when n.award_id is not null then format('changedIn %s is the number of a change of award %s.', l.changed_in, n.award_id)
    end as reason
    from lines l
    left join items i on i.item = l.item
    left join versions v on (v.item, v.version) = (l.item, l.rule_version)
    left join awards n on l.changed_in > 0 and (n.user_id, n.changed_in) = (l.user_id, l.changed_in) and n.award_id <> l.award_id
),
checked as (
    select distinct on (seq) seq, is_there, reason
    from (select * from existing union all select * from impossible where reason is not null) found
    order by seq, is_there desc
)
update import_lines l
set state = case when c.reason is null then 'unchanged' else 'refused' end, reason = c.reason
from checked c where c.seq = l.seq
