//! Checks of awards for invitations, and of targets that count once.

use super::checks::found;

/// Checks beside those of [`super::checks`].
pub(super) const INVITATIONS: [(&str, &str); 5] = [
    (
        // Also a milestone that is paid before its invitees qualified.
        "qualified invitee without the award",
        found!(
            "select format('user %s %s: award %s of user %s', q.user_id, q.item, q.award_id, p.payee)
             from qualifications q
             left join rule_versions v on (v.item, v.version) = (q.item, q.rule_version)
             cross join lateral (select case when q.pays = 'INVITEE' then q.user_id else q.inviter_id end as payee,
                                        case when v.friends is not null then 'friends' when q.pays = 'INVITEE' then q.inviter_id::text
                                             else q.user_id::text end as key) p
             left join awards a on (a.user_id, a.award_id) = (p.payee, q.award_id)
             where v.item is null
                or (q.award_id is not null
                    and ((a.item, a.source_key, a.rule_version) is distinct from (q.item, p.key, q.rule_version)
                         -- Counted for milestones only: an inviter may have many invitees.
                         or case when v.friends is not null
                                 then v.friends > (select count(*) from qualifications f
                                                   where (f.inviter_id, f.item, f.state) = (q.inviter_id, q.item, 'QUALIFIED'))
                            end))"
        ),
    ),
    (
        "invitation award without the deeds",
        found!(
            "select format('user %s award %s: %s', a.user_id, a.award_id, a.item)
             from awards a
             join rule_versions v on (v.item, v.version) = (a.item, a.rule_version)
             left join qualifications q
               on (q.item, q.award_id) = (a.item, a.award_id)
              and a.user_id = case when q.pays = 'INVITEE' then q.user_id else q.inviter_id end
             where a.award_type = 'INVITE' and a.source <> 'import'
               and num_nonnulls(v.required_items, v.sign_in_days, v.max_account_age_days, v.friends) > 0 and q.user_id is null
             union all
             select format('user %s %s: %s sign-ins, did %s', q.user_id, q.item, d.sign_in_days, d.done_items)
             from qualifications q
             join rule_versions v on (v.item, v.version) = (q.item, q.rule_version)
             cross join lateral deeds_of(q, coalesce(v.required_items, '{}'), true) d
             where q.state = 'QUALIFIED'
               and (d.sign_in_days < coalesce(v.sign_in_days, 0)
                    or cardinality(d.done_items) < coalesce(cardinality(v.required_items), 0))"
        ),
    ),
    (
        "invitee with all deeds is not qualified",
        found!(
            "select format('user %s %s: %s', q.user_id, q.item, q.state)
             from qualifications q
             join rule_versions v on (v.item, v.version) = (q.item, q.rule_version)
             cross join lateral deeds_of(q, coalesce(v.required_items, '{}'), false) d
             where q.state in ('PENDING', 'EXPIRED')
               and d.sign_in_days >= coalesce(v.sign_in_days, 0)
               and cardinality(d.done_items) >= coalesce(cardinality(v.required_items), 0)
               -- Deeds of an old system that were imported after the binding count with the next deed.
               and not exists (select 1 from awards a
                               where a.user_id = q.user_id and a.source = 'import' and a.item = any (v.required_items))"
        ),
    ),
    (
        "lifetime limit exceeded",
        found!(
            "select format('user %s %s: award %s is number %s of %s', user_id, item, award_id, number, lifetime_limit)
             from (select a.user_id, a.item, a.award_id, v.lifetime_limit,
                          row_number() over (partition by a.user_id, a.item order by a.award_id) as number
                   from awards a join rule_versions v on (v.item, v.version) = (a.item, a.rule_version)
                   where a.award_type = 'INVITE' and a.source <> 'import') numbered
             where number > lifetime_limit"
        ),
    ),
    (
        "target paid more than once",
        found!(
            "select format('user %s %s %s: %s awards', a.user_id, a.item, a.target_id, count(*))
             from awards a join rule_versions v on (v.item, v.version) = (a.item, a.rule_version)
             where v.target_rule = 'ONCE' and a.target_id is not null and a.source <> 'import'
             group by a.user_id, a.item, a.target_id having count(*) > 1"
        ),
    ),
];
