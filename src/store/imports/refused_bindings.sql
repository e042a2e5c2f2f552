insert into import_lines (seq, line, kind, key, user_id, state, reason)
select (select max(seq) from import_lines) + row_number() over (order by seq), line, 'binding', user_id::text, user_id, 'refused', reason
from import_bindings where level = -1
