-- Settled amounts of the last days, for operators. Entries are only inserted, so they are stored in the order of
-- time, and a few pages of this index cover a month regardless of the size of the table.
create index ledger_entries_by_time on ledger_entries using brin (posted_at) with (pages_per_range = 16, autosummarize = on);
