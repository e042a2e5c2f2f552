-- Passwords of the roles, from the secrets of the compose file. For psql.
\set owner_password `cat /run/secrets/owner_password`
\set app_password `cat /run/secrets/app_password`
alter role newbee_owner password :'owner_password';
alter role newbee_app password :'app_password';
