-- Takes all sign-ins back: those of the data are imports, and without streaks. Triggers keep awards from being deleted.
set session_replication_role = replica;
delete from awards where source = 'sign_in';
update award_feeds set last_sign_in = null, streak_length = null where last_sign_in is not null;
reset session_replication_role;
