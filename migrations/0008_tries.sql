-- Attempts of users at limited actions, counted across replicas and independently of how requests are batched, to
-- slow down guessing.

create table tries (
    user_id         bigint not null references users,
    action          text not null check (action in ('submit_word', 'preview_invitation')),
    count           integer not null check (count >= 0),      -- within the window
    window_began_at timestamptz not null,
    locked_until    timestamptz,                              -- the last lockout, even if it has ended
    locks           integer not null check (locks >= 0),      -- consecutive lockouts: each is twice as long as the previous one
    primary key (user_id, action)
) with (fillfactor = 70);
