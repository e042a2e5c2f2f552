//! Forms of checks for a distributed database, where Citus does not plan those of one node.

use super::checks::found;

/// Checks by name.
const FORMS: [(&str, &str); 3] = [
    (
        "streak differs from its sign-ins",
        found!(
            "select format('user %s: %s days and %s skipped until %s, %s sign-ins and %s others in them',
                           f.user_id, f.streak_length, coalesce(f.skipped_days, 0), f.last_sign_in, a.days, a.forgiven)
             from award_feeds f
             cross join lateral days_of_streak(
                 f.user_id, f.last_sign_in - f.streak_length - coalesce(f.skipped_days, 0) + 1, f.last_sign_in) a
             where (a.days, a.forgiven) is distinct from (f.streak_length::bigint, coalesce(f.skipped_days, 0)::bigint)
               and f.last_sign_in is not null"
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
             select format('user %s %s: %s sign-ins, did %s', user_id, item, sign_in_days, done_items)
             from deeds_of_all(true)
             where state = 'QUALIFIED' and (sign_in_days < needed_days or cardinality(done_items) < needed_count)"
        ),
    ),
    (
        "invitee with all deeds is not qualified",
        found!(
            "select format('user %s %s: %s', user_id, item, state)
             from deeds_of_all(false)
             where state in ('PENDING', 'EXPIRED') and sign_in_days >= needed_days and cardinality(done_items) >= needed_count
               and not has_imported"
        ),
    ),
];

/// Returns the form of a check, if it has one.
pub(super) fn form_of(check: &str) -> Option<&'static str> {
    let form = FORMS.iter().find(|(name, _)| *name == check);
    form.map(|(_, sql)| *sql)
}
