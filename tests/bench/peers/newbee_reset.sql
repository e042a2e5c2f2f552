-- Takes all sign-ins back: those of the data are imports, and without streaks. Triggers keep awards from being deleted.
set session_replication_role = replica;
delete from awards where source = 'sign_in';
delete from sign_in_streaks;
reset session_replication_role;
