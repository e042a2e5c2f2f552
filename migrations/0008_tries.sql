-- What a user tried and how often, so that guessing is slowed down across replicas and however a request is packed.

create table tries (
    user_id         bigint not null references users,
    action          text not null check (action in ('submit_word', 'preview_invitation')),
    count           integer not null check (count >= 0),      -- within the window
    window_began_at timestamptz not null,
    locked_until    timestamptz,                              -- the last lock, also one that is over
    locks           integer not null check (locks >= 0),      -- in a row: each is twice as long as the one before
    primary key (user_id, action)
) with (fillfactor = 70);
