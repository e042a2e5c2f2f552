-- What was settled in the last days, for those who look at the service. Entries are only ever added, so they lie in the order
-- of their time and a few pages of this index find those of a month, however many years there are.
create index ledger_entries_by_time on ledger_entries using brin (posted_at) with (pages_per_range = 16, autosummarize = on);
