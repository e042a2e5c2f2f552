-- Codes that are equal in their normalised form. Nobody knows whose code it is, so none of these users is imported.
with claimed as materialized (
    select seq, line, user_id, content ->> 'code' as code, content ->> 'normalised_code' as form
    from import_lines where kind = 'user' and state is null and content ? 'code'
),
among_lines as (
    select seq, lead(line) over each_form as next_line, first_value(line) over each_form as first_line,
           lead(user_id) over each_form as next_user, first_value(user_id) over each_form as first_user,
           lead(code) over each_form as next_code, first_value(code) over each_form as first_code,
           count(*) over all_of_form as claims
    from claimed
    window all_of_form as (partition by form), each_form as (all_of_form order by seq)
),
conflicts as (
    select seq, format('the code %s of user %s in line %s', coalesce(next_code, first_code), coalesce(next_user, first_user),
                       coalesce(next_line, first_line)) as other
    from among_lines where claims > 1
    union all
    select c.seq, format('the code %s of user %s in the database', i.code, t.user_id)
    from claimed c join invitation_codes t on t.normalised_code = c.form join invitations i on i.user_id = t.user_id
    union all
    select c.seq, 'the retired code of an erased user'
    from claimed c join retired_invitation_codes t on t.code_hash = sha256(convert_to(c.form, 'UTF8'))
)
update import_lines l
set state = 'refused', reason = format('The code %s equals %s.', l.content ->> 'code', c.other)
from conflicts c where c.seq = l.seq
