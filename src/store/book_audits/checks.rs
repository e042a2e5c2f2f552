//! Checks of an audit. The module `running` executes them.

use super::invitation_checks::INVITATIONS;

/// Check of one invariant.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Unique name of the check: the violation that it finds.
    pub name: &'static str,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Violations of this name in `invariant_violations`.
    OfView,
    /// Violations of the view under names that are not in [`OF_VIEW`].
    RestOfView,
    /// Totals of the audited day. The view recomputes the totals of all days, which may take too long.
    TotalsOfDay,
    /// Separate statement, see `found!`.
    Own(&'static str),
}

/// Wraps a select of details: counts all rows, and returns the first hundred.
macro_rules! found {
    ($details:literal) => {
        concat!(
            "with found (detail) as materialized (",
            $details,
            ") select (select count(*) from found) as violations, array(select detail from found limit 100) as details"
        )
    };
}
pub(super) use found;

/// Violations that `invariant_violations` reports. Each is selected separately, so that Postgres plans and reads only
/// its branch.
pub const OF_VIEW: [&str; 15] = [
    "balance differs from the sum of its entries",
    "settled award without its entry",
    "reversed award without its entry",
    "entry without its award",
    "award id used twice",
    "invitation cycle",
    "cap exceeded",
    "totals of a closed day differ from its awards",
    "word campaign differs from its shares",
    "claimed share without its award",
    "word award without its share",
    "reserved count differs from the reservations",
    "campaign oversold",
    "reservation award without its reservation",
    "paid campaign without an award for a reservation",
];

/// Checks that are not in the view because they are more expensive or less important.
const OWN: [(&str, &str); 24] = [
    (
        "day between closed days is open",
        found!(
            "select missing::date::text
             from (select min(day) as first, max(day) as last from business_days where state = 'CLOSED') closed
             cross join generate_series(first, last, interval '1 day') missing
             where not exists (select 1 from business_days b where b.day = missing::date and b.state = 'CLOSED')"
        ),
    ),
    (
        // A zone that skips a whole day would yield one sign-in fewer; none has skipped one since 2011.
        "streak differs from its sign-ins",
        found!(
            "select format('user %s: %s days and %s skipped until %s, %s sign-ins and %s others in them',
                           f.user_id, f.streak_length, coalesce(f.skipped_days, 0), f.last_sign_in, a.days, a.forgiven)
             from award_feeds f cross join lateral (
                 select count(*) filter (where counts) as days, count(*) filter (where not counts) as forgiven
                 from (
                     select day, bool_or(counts) as counts from (
                         select business_day as day, true as counts from awards
                         where user_id = f.user_id and award_type = 'DAILY' and item = 'sign_in'
                         union all
                         select i.last_day - back, true
                         from imported_streaks i cross join generate_series(0, i.streak_length - 1) back
                         where i.user_id = f.user_id
                         union all
                         select day, made_up_at is not null from covered_days where user_id = f.user_id
                         union all
                         select day, false from bridged_days
                     ) known
                     where day > f.last_sign_in - f.streak_length - coalesce(f.skipped_days, 0) and day <= f.last_sign_in
                     group by day
                 ) days
             ) a
             where (a.days, a.forgiven) is distinct from (f.streak_length::bigint, coalesce(f.skipped_days, 0)::bigint)
               and f.last_sign_in is not null"
        ),
    ),
    (
        // A sign-in that was reported for a day before the streak leaves the streak as it is.
        "streak broken by a bridged day",
        found!(
            "select format('user %s: the streak until %s has %s days, with those before a bridged day %s',
                           f.user_id, f.last_sign_in, f.streak_length, s.length)
             from award_feeds f
             cross join lateral (select f.last_sign_in - f.streak_length - coalesce(f.skipped_days, 0) + 1 as day) first
             join bridged_days b on b.day = first.day - 1
             cross join lateral streak_around(f.user_id, f.last_sign_in) s
             where s.length > f.streak_length
               and not exists (
                       select 1 from awards a join awards o using (user_id)
                       where a.user_id = f.user_id and a.source = 'sign_in' and o.source = 'sign_in'
                         and a.business_day >= s.first_day and a.business_day < first.day and o.business_day = first.day
                         and a.created_at > o.created_at)"
        ),
    ),
    (
        "day made up beyond its rule",
        found!(
            "select format('user %s %s: made up on %s by version %s', c.user_id, c.day, c.made_up_on, c.rule_version)
             from covered_days c left join rule_versions v on (v.item, v.version) = ('sign_in', c.rule_version)
             where c.made_up_at is not null
               and (v.make_up_days is null or c.made_up_on - c.day not between 1 and v.make_up_days)
             union all
             select format('user %s %s: %s days made up', c.user_id, to_char(date_trunc('month', c.day), 'YYYY-MM'), count(*))
             from covered_days c left join rule_versions v on (v.item, v.version) = ('sign_in', c.rule_version)
             where c.made_up_at is not null
             group by c.user_id, date_trunc('month', c.day) having count(*) > coalesce(max(v.make_up_limit), 0)"
        ),
    ),
    (
        "bonus paid twice for one length of a streak",
        found!(
            "select format('user %s %s %s: %s awards', user_id, source, source_key, count(*))
             from awards where award_type = 'BONUS' group by user_id, source, source_key having count(*) > 1"
        ),
    ),
    (
        "sign-in after the end of its streak",
        found!(
            "select format('user %s %s: the streak ends %s', d.user_id, d.day, coalesce(f.last_sign_in::text, 'nowhere'))
             from (select user_id, business_day as day from awards where source = 'sign_in'
                   union all select user_id, day from covered_days) d
             left join award_feeds f using (user_id)
             where f.last_sign_in is null or f.last_sign_in < d.day"
        ),
    ),
    (
        "sign-in with a key",
        found!(
            "select format('user %s award %s: %s', user_id, award_id, source_key)
             from awards where source = 'sign_in' and source_key <> ''"
        ),
    ),
    (
        "award differs from its rule",
        found!(
            "select format('user %s award %s: %s of coin %s by %s %s', a.user_id, a.award_id, a.amount, a.coin_id, v.item, v.version)
             from awards a
             join rule_versions v on (v.item, v.version) = (a.item, a.rule_version)
             join rules r on r.item = v.item
             where a.source <> 'import'
               and (a.coin_id <> v.coin_id or a.award_type <> r.award_type
                    or not a.amount between v.amount and coalesce(v.amount_max, v.amount)
                    or (a.amount - v.amount) % coalesce(v.amount_step, 1) <> 0)"
        ),
    ),
    (
        "daily counter differs from its awards",
        found!(
            "select format('user %s %s %s: counted %s, there are %s', c.user_id, c.business_day, c.item, c.count, a.awards)
             from daily_counters c cross join lateral (
                 select count(*) as awards from awards
                 where user_id = c.user_id and business_day = c.business_day and item = c.item and source <> 'import'
             ) a
             where a.awards <> c.count"
        ),
    ),
    (
        "user without exactly one invitation code",
        found!(
            "select format('user %s: %s codes', u.user_id, count(c.normalised_code))
             from users u left join invitations i using (user_id) left join invitation_codes c using (user_id)
             group by u.user_id, i.user_id having i.user_id is null or count(c.normalised_code) <> 1"
        ),
    ),
    (
        "retired invitation code in use",
        found!(
            "select format('user %s', c.user_id)
             from invitation_codes c
             join retired_invitation_codes r on r.code_hash = sha256(convert_to(c.normalised_code, 'UTF8'))"
        ),
    ),
    (
        "erased user with texts of the host application",
        found!(
            "select format('user %s', u.user_id)
             from users u
             where u.erased_at is not null
               and (u.user_id in (select user_id from session_requests)
                    or exists (select 1 from task_requests r where r.user_id = u.user_id)
                    or exists (select 1 from awards a
                               where a.user_id = u.user_id and (a.award_type in ('NEWBEE', 'DAILY') or a.source = 'import')
                                 and (a.target_id is not null or a.source_key not in ('', 'erased:' || a.award_id)))
                    or u.user_id in (select user_id from grant_lines where label <> 'erased:' || line)
                    or exists (select 1 from awards a
                               where a.user_id = u.user_id and a.source = 'grant' and a.target_id is not null))"
        ),
    ),
    (
        "invitation award without its binding",
        found!(
            "select format('user %s award %s: %s for %s', a.user_id, a.award_id, a.item, a.source_key)
             from awards a
             left join rule_versions v on (v.item, v.version) = (a.item, a.rule_version)
             left join invitation_children c on c.parent_id = a.user_id and c.user_id::text = a.source_key
             left join invitations own on own.user_id = a.user_id
             where a.award_type = 'INVITE' and a.source <> 'import'
               and case when v.friends is not null then a.source_key <> 'friends'
                        when v.pays = 'INVITEE' then own.parent_id is null or own.parent_id::text <> a.source_key
                        else c.user_id is null end"
        ),
    ),
    (
        "binding differs between its tables",
        found!(
            "select format('user %s of %s', coalesce(i.user_id, c.user_id, l.user_id), coalesce(i.parent_id, c.parent_id, l.parent_id))
             from (select user_id, parent_id, bound_at from invitations where parent_id is not null) i
             full join invitation_children c using (user_id, parent_id, bound_at)
             full join invitation_links l using (user_id, parent_id)
             where i.user_id is null or c.user_id is null or l.user_id is null"
        ),
    ),
    (
        "number of children differs from the children",
        found!(
            "select format('user %s: counted %s, there are %s', u.user_id, u.children_count, coalesce(c.children, 0))
             from users u
             left join (select parent_id, count(*) as children from invitation_children group by parent_id) c
               on c.parent_id = u.user_id
             where u.children_count <> coalesce(c.children, 0)"
        ),
    ),
    (
        "award without its rule version",
        found!(
            "select format('user %s award %s: %s %s', a.user_id, a.award_id, a.item, a.rule_version)
             from awards a
             left join rules r using (item)
             left join rule_versions v on (v.item, v.version) = (a.item, a.rule_version)
             where r.item is null or (a.rule_version is not null and v.item is null)"
        ),
    ),
    (
        "change of an award beyond its feed",
        found!(
            "select format('user %s award %s: change %s of %s', a.user_id, a.award_id, a.changed_in, coalesce(f.last_change, 0))
             from awards a left join award_feeds f using (user_id)
             where a.changed_in > coalesce(f.last_change, 0)"
        ),
    ),
    (
        "two awards with one change number",
        found!(
            "select format('user %s: change %s of %s awards', user_id, changed_in, count(*))
             from awards where changed_in > 0 group by user_id, changed_in having count(*) > 1"
        ),
    ),
    (
        "feed of the host application is ahead of the changes",
        found!(
            "select format('user %s: copied through %s, last change %s', m.user_id, m.through, coalesce(f.last_change, 0))
             from host_event_marks m left join award_feeds f using (user_id) where m.through > coalesce(f.last_change, 0)"
        ),
    ),
    (
        "change of an award twice in the feed",
        found!(
            "select format('user %s award %s: %s', user_id, award_id, kind) from host_events where award_id is not null
             group by user_id, award_id, kind having count(*) > 1"
        ),
    ),
    (
        "event of the feed without its award",
        found!(
            "select format('event %s: user %s award %s', e.event_id, e.user_id, e.award_id)
             from host_events e left join awards a using (user_id, award_id)
             where e.award_id is not null and a.award_id is null"
        ),
    ),
    (
        // Awards name their version: those of versions with a budget are counted.
        "budget differs from its awards",
        found!(
            "select format('%s coin %s %s: spent %s, awards %s', item, coin_id, period, coalesce(s.spent, 0), coalesce(a.amount, 0))
             from (select item, coin_id, period, sum(spent) as spent from budget_slots group by 1, 2, 3) s
             full join (
                 select a.item, a.coin_id, p.period, sum(a.amount) as amount
                 from awards a
                 join rule_versions v on (v.item, v.version) = (a.item, a.rule_version)
                 cross join lateral (values (a.business_day, v.day_budget), (date '1900-01-01', v.total_budget)) as p (period, budget)
                 where a.source <> 'import' and num_nonnulls(v.day_budget, v.total_budget) > 0 and p.budget is not null
                 group by 1, 2, 3
             ) a using (item, coin_id, period)
             where coalesce(s.spent, 0) <> coalesce(a.amount, 0)"
        ),
    ),
    (
        "grant differs from its awards",
        found!(
            "select format('grant %s line %s: user %s award %s', l.grant_id, l.line, l.user_id, l.award_id)
             from grant_lines l left join grants g using (grant_id)
             left join awards a on (a.user_id, a.award_id) = (l.user_id, l.award_id)
             where g.grant_id is null
                or (l.award_id is not null
                    and (g.state <> 'GRANTED'
                         -- Erased users have lost labels.
                         or (a.award_type::text, a.source, a.source_key, a.amount, a.coin_id,
                             coalesce(a.target_id, 'erased:' || l.line))
                            is distinct from ('GRANT', 'grant', l.grant_id || '-' || l.line, l.amount, l.coin_id, l.label)))
             union all
             select format('grant %s: counted %s awards, there are %s', g.grant_id, g.award_count, count(l.award_id))
             from grants g left join grant_lines l using (grant_id)
             group by g.grant_id having (g.award_count, g.line_count) is distinct from (count(l.award_id), count(l.line))
             union all
             select format('grant %s coin %s: sum %s, lines %s', grant_id, coin_id, s.amount, l.amount)
             from grant_sums s
             full join (select grant_id, coin_id, count(*) as lines, sum(amount) as amount from grant_lines group by 1, 2) l
               using (grant_id, coin_id)
             where (s.line_count, s.amount) is distinct from (l.lines, l.amount)
             union all
             select format('user %s award %s: no grant', a.user_id, a.award_id)
             from awards a left join grant_lines l on (l.user_id, l.award_id) = (a.user_id, a.award_id)
             where a.source = 'grant' and l.line is null"
        ),
    ),
    (
        // Stands in for foreign keys: users are never deleted.
        "row of an unknown user",
        found!(
            "select format('%s: user %s', rows.source, rows.user_id)
             from (select 'awards' as source, user_id from awards
                   union select 'award_feeds', user_id from award_feeds
                   union select 'balances', user_id from balances
                   union select 'covered_days', user_id from covered_days
                   union select 'daily_counters', user_id from daily_counters
                   union select 'imported_streaks', user_id from imported_streaks
                   union select 'grant_lines', user_id from grant_lines
                   union select 'invitations', user_id from invitations
                   union select 'invitations', parent_id from invitations where parent_id is not null
                   union select 'invitation_codes', user_id from invitation_codes
                   union select 'ledger_entries', user_id from ledger_entries where kind = 'OPENING'
                   union select 'qualifications', user_id from qualifications
                   union select 'qualifications', inviter_id from qualifications
                   union select 'reservations', user_id from reservations
                   union select 'sessions', user_id from sessions
                   union select 'session_requests', user_id from session_requests
                   union select 'task_requests', user_id from task_requests
                   union select 'tries', user_id from tries) rows
             left join users u on u.user_id = rows.user_id
             where u.user_id is null"
        ),
    ),
];

/// Returns all checks, in the order of an audit.
pub fn all() -> impl Iterator<Item = Check> {
    let of_view = OF_VIEW.into_iter().map(|name| (name, Kind::OfView));
    let others = [
        ("any other invariant", Kind::RestOfView),
        ("totals of the audited day differ from its awards", Kind::TotalsOfDay),
    ];
    let own = OWN
        .into_iter()
        .chain(INVITATIONS)
        .map(|(name, sql)| (name, Kind::Own(sql)));
    of_view
        .chain(others)
        .chain(own)
        .map(|(name, kind)| Check { name, kind })
}
