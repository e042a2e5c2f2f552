-- Lookups by operators: an award by its id alone, a user by their name, the corrections of an award.

-- Ids ascend with time, as rows do, so a few pages of this index find an award, and the cost for settlement is
-- negligible.
create index awards_of_id on awards using brin (award_id int8_minmax_multi_ops) with (pages_per_range = 16, autosummarize = on);
create index users_by_name on users (lower(name) text_pattern_ops);
