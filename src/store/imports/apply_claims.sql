with batch as materialized (
    select l.seq, l.user_id, c.*
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as c (
        campaign_id bigint, share_number integer, claim_number integer, award_id bigint, amount numeric, claimed_at timestamptz,
        claimant text)
    where l.kind = 'claim' and l.state is null and l.seq > $1
    order by l.seq limit $2
),
made as (
    update word_shares s
    set claim_number = b.claim_number, user_id = b.user_id, award_id = b.award_id, amount = b.amount, claimed_at = b.claimed_at,
        claimant = decode(b.claimant, 'hex')
    from batch b
    where (s.campaign_id, s.share_number) = (b.campaign_id, b.share_number) and s.user_id is null
    returning s.campaign_id, s.share_number, s.amount
),
counted as (
    update word_campaigns c set used_count = c.used_count + m.claims, used_amount = c.used_amount + m.amount
    from (select campaign_id, count(*) as claims, sum(amount) as amount from made group by campaign_id) m
    where c.campaign_id = m.campaign_id
),
missed as (
    update import_lines l set state = 'refused', reason = 'The campaign is not imported, or the share was claimed meanwhile.'
    from batch b
    where b.seq = l.seq and not exists (select from made m where (m.campaign_id, m.share_number) = (b.campaign_id, b.share_number))
    returning l.seq
)
select max(seq) as last, (select count(*) from made) as made, (select count(*) from missed) as missed from batch
