//! Checks of an audit. The module `running` executes them.

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
const OWN: [(&str, &str); 8] = [
    (
        "day between closed days is open",
        found!(
            "select missing::date::text
             from (select min(day) as first, max(day) as last from business_days where state = 'CLOSED') closed
             cross join generate_series(first, last, interval '1 day') missing
             where not exists (select from business_days b where b.day = missing::date and b.state = 'CLOSED')"
        ),
    ),
    (
        // A zone that skips a whole day would yield one sign-in fewer; none has skipped one since 2011.
        "streak differs from its sign-ins",
        found!(
            "select format('user %s: %s days until %s, %s sign-ins in them', s.user_id, s.length, s.last_day, a.days)
             from sign_in_streaks s cross join lateral (
                 select count(distinct business_day) as days from awards
                 where user_id = s.user_id and award_type = 1 and item = 'sign_in'
                   and business_day > s.last_day - s.length and business_day <= s.last_day
             ) a
             where a.days <> s.length"
        ),
    ),
    (
        "sign-in after the end of its streak",
        found!(
            "select format('user %s %s: the streak ends %s', a.user_id, a.business_day, coalesce(s.last_day::text, 'nowhere'))
             from awards a left join sign_in_streaks s using (user_id)
             where a.source = 'sign_in' and (s.user_id is null or s.last_day < a.business_day)"
        ),
    ),
    (
        "sign-in of another day than its key",
        found!(
            "select format('user %s award %s: %s under %s', user_id, award_id, business_day, source_key)
             from awards where source = 'sign_in' and source_key <> business_day::text"
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
        "user without an invitation code",
        found!(
            "select format('user %s', u.user_id)
             from users u left join invitations i using (user_id) left join invitation_codes c using (user_id)
             where i.user_id is null or c.user_id is null"
        ),
    ),
    (
        "invitation award without its binding",
        found!(
            "select format('user %s award %s: invited %s', a.user_id, a.award_id, a.source_key)
             from awards a left join invitations i on i.user_id::text = a.source_key and i.parent_id = a.user_id
             where a.source = 'invite_friend' and i.user_id is null"
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
    let own = OWN.into_iter().map(|(name, sql)| (name, Kind::Own(sql)));
    of_view
        .chain(others)
        .chain(own)
        .map(|(name, kind)| Check { name, kind })
}
