update import_bindings c set level = p.level + 1
from import_bindings p
where p.level = $1 and c.parent_id = p.user_id and c.level is null
