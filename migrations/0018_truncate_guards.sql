-- Protects the tables of record against TRUNCATE, which row triggers do not see.

create trigger users_are_not_truncated before truncate on users
    execute function refuse_change('users are never deleted');
create trigger invitations_are_not_truncated before truncate on invitations
    execute function refuse_change('a bound invitation never changes its parent');
create trigger invitation_codes_are_not_truncated before truncate on invitation_codes
    execute function refuse_change('invitation codes are never deleted');
create trigger rules_are_not_truncated before truncate on rules
    execute function refuse_change('rules are never deleted: close them');
create trigger rule_versions_are_not_truncated before truncate on rule_versions
    execute function refuse_change('a rule version never changes: add a new version');
create trigger sign_in_streaks_are_not_truncated before truncate on sign_in_streaks
    execute function refuse_change('a streak never moves back');
create trigger task_requests_are_not_truncated before truncate on task_requests
    execute function refuse_change('the results of recent task reports are kept');
create trigger balances_are_not_truncated before truncate on balances
    execute function refuse_change('a balance is the sum of its entries');
create trigger business_days_are_not_truncated before truncate on business_days
    execute function refuse_change('a closed day is kept');
create trigger business_day_totals_are_not_truncated before truncate on business_day_totals
    execute function refuse_change('the totals of a closed day never change');
create trigger job_runs_are_not_truncated before truncate on job_runs
    execute function refuse_change('a run that is over stays over');
create trigger word_campaigns_are_not_truncated before truncate on word_campaigns
    execute function refuse_change('word campaigns are never deleted');
create trigger word_shares_are_not_truncated before truncate on word_shares
    execute function refuse_change('shares are never deleted');
create trigger reservation_campaigns_are_not_truncated before truncate on reservation_campaigns
    execute function refuse_change('campaigns are never deleted: close them');
create trigger reservations_are_not_truncated before truncate on reservations
    execute function refuse_change('reservations are never deleted: cancel them');
create trigger book_audits_are_not_truncated before truncate on book_audits
    execute function refuse_change('what an audit found never changes');
