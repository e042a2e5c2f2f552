-- Takes the sign-ins of today back.
delete from rewards.daily_awards where award_item = 'sign_in' and award_day = rewards.today();
