-- Names are searched by a form that the program computes (src/domain/text.rs), because the case rules of Postgres
-- differ.

alter table users add column search_name text;
alter table users add constraint search_name_length check (char_length(search_name) between 1 and 100);
alter table users add constraint search_name_needs_a_name check (name is not null or search_name is null);
-- In the database, so that every removal of a name also removes its search form.
create function clear_search_name() returns trigger language plpgsql as $$
begin
    new.search_name := null;
    return new;
end $$;
create trigger users_without_name_are_not_searched before update of name on users for each row
    when (new.name is null and new.search_name is not null) execute function clear_search_name();
drop index users_by_name;
create index users_by_search_name on users (search_name text_pattern_ops, user_id);

-- Version of the rule that search names, normalised codes and normalised words were computed with. `newbee migrate`
-- recomputes them if the program has a newer version; 0 is the rule of earlier migrations.
create table text_forms (
    only_row     boolean primary key default true check (only_row),
    rule_version integer not null
);
insert into text_forms (rule_version) values (0);
