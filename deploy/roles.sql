-- Roles of newbee: newbee_owner migrates, newbee_app serves. With them, a leaked URL of `newbee serve` allows changes of
-- rows within the rules of the database, but cannot disable those rules.
--
-- Run it once, as a superuser or as the administrator of a managed Postgres, in a new database named newbee that belongs
-- to you:
--
--     createdb newbee
--     psql --dbname newbee --file deploy/roles.sql --set ON_ERROR_STOP=1
--
-- The roles have no passwords yet. Set them in psql, which sends only their hashes: \password newbee_owner and
-- \password newbee_app

create role newbee_owner login;
create role newbee_app login;

-- An administrator without superuser rights needs the owner's.
grant newbee_owner to current_user;
alter database newbee owner to newbee_owner;
revoke create on schema public from public;
grant create on schema public to newbee_owner;
grant usage on schema public to newbee_app;

alter default privileges for role newbee_owner in schema public grant select, insert, update, delete on tables to newbee_app;
alter default privileges for role newbee_owner in schema public grant usage, select on sequences to newbee_app;

-- The record of the migrations, as newbee migrate would create it, but only to be read by newbee_app.
set role newbee_owner;
create table _sqlx_migrations (
    version bigint primary key,
    description text not null,
    installed_on timestamptz not null default now(),
    success boolean not null,
    checksum bytea not null,
    execution_time bigint not null
);
revoke all on _sqlx_migrations from newbee_app;
grant select on _sqlx_migrations to newbee_app;
reset role;
