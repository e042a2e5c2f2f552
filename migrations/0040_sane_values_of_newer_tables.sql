-- Adds the constraints of 0024 to the columns of later migrations.
select require_sane_values();
