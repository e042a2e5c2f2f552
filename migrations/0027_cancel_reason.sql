-- Why the end of a run was requested. Null for runs that were cancelled before this migration.
alter table job_runs add column cancel_reason text;
