create index import_lines_by_kind on import_lines (kind, seq);
create index import_lines_of_users on import_lines (user_id) where kind = 'user';
analyze import_lines;
