-- One view reports all violations, including those of campaigns.

alter view invariant_violations rename to ledger_violations;
create view invariant_violations as
    select violation, detail from ledger_violations
    union all select violation, detail from word_violations
    union all select violation, detail from reservation_violations;
