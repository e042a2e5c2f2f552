-- Columns of migrations that came between.
select require_sane_values();
