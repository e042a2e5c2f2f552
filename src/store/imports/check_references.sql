-- Records of users that do not exist.
with lost as (
    select l.seq, (select min(r.line) from import_lines r where r.kind = 'user' and r.user_id = l.user_id) as refused_line
    from import_lines l
    where l.state is null and l.kind <> 'user' and l.user_id is not null
      and not exists (select from users u where u.user_id = l.user_id)
      and not exists (select from import_lines u where u.kind = 'user' and u.user_id = l.user_id and u.state is null)
)
update import_lines l
set state = 'refused',
    reason = case when lost.refused_line is null
        then format('User %s is neither in the import nor in the database.', l.user_id)
        else format('User %s is not imported (line %s).', l.user_id, lost.refused_line) end
from lost where lost.seq = l.seq;

-- Keys of reports about erased users: they may hold texts of the host.
update import_lines l
set state = 'refused', reason = format('User %s is erased, and with them the keys of reports about them.', l.user_id)
where l.kind = 'taskReport' and l.state is null
  and (exists (select from users u where u.user_id = l.user_id and u.erased_at is not null)
       or exists (select from import_lines u
                  where u.kind = 'user' and u.user_id = l.user_id and u.state is null and u.content ? 'erased_at'));

-- Texts of items that do not exist: a rule that is added later would have them.
update import_lines l
set state = 'refused', reason = format('The rule catalogue has no item %s. Create it first: newbee rule set %1$s', l.content ->> 'item')
where l.kind = 'ruleText' and l.state is null
  and not exists (select from rules r where r.item = l.content ->> 'item')
  and not exists (select from import_lines r
                  where r.kind = 'rule' and r.state is null and r.content ->> 'item' = l.content ->> 'item')
