-- Old daily counters are found by their day: walking all of them would make closing a day cost more with every user who did
-- something in the last week, though none of theirs is to go.
create index daily_counters_by_day on daily_counters (business_day, user_id, item);
