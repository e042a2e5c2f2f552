-- Bindings without a level lead to a cycle. Each has an ancestor, at first its parent, whose distance is then doubled.
create temporary table import_jumps as select user_id, parent_id as ancestor_id from import_bindings where level is null;
create unique index import_jumps_of_user on import_jumps (user_id);
analyze import_jumps
