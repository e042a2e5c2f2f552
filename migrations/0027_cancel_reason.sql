-- Reason for the requested end of a run. Null for runs that were cancelled before this migration.
alter table job_runs add column cancel_reason text;
