-- Awards and streaks of days to come: the user could not sign in on these days.
update import_lines l set state = 'refused', reason = format('The business day %s is in the future: today is %s.', d.day, $1)
from (select seq, (content ->> case kind when 'award' then 'business_day' else 'last_day' end)::date as day
      from import_lines where kind in ('award', 'streak') and state is null) d
where d.seq = l.seq and d.day > $1
