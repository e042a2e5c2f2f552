-- Lines of an import, in a table of its session: Postgres drops it when the session ends, also after kill -9. It is not
-- logged, and everything that survives the session is in the tables of newbee.
create temporary table import_lines (
    seq     bigint primary key,
    line    bigint not null,
    kind    text not null,
    key     text not null,
    user_id bigint,
    content jsonb,
    state   text,          -- null: to be imported, or imported; 'unchanged', 'repeated' or 'refused'
    reason  text           -- why it is refused
);
