-- +goose Up
-- The commands of the writer, a function each, so that a command is one statement and a batch
-- of them one round trip. Each looks up its key before any rule, tells a violated rule by an
-- outcome instead of an error (an error would undo the whole batch), and stores its answer,
-- a refusal too: who was refused once is refused by every replay.
--
-- Outcomes: done, missing, foreign, closed, past, ahead, reused (the key, with another hash;
-- the one that is not stored).
CREATE TYPE answer AS (outcome text, event bigint, part text, replayed boolean, changed boolean);

-- recall returns the answer stored under a key; without an outcome where there is none.
-- +goose StatementBegin
CREATE FUNCTION recall(key_bot bigint, key_update bigint, key_ordinal integer, key_hash bigint)
RETURNS answer LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN w.hash = key_hash
        THEN (w.outcome, w.event, w.part, true, w.changed)::answer
        ELSE ('reused', 0, '', false, false)::answer END
    FROM writes w
    WHERE w.bot = key_bot AND w.update_id = key_update AND w.ordinal = key_ordinal
$$;
-- +goose StatementEnd

-- remember stores an answer under its key.
-- +goose StatementBegin
CREATE FUNCTION remember(key_bot bigint, key_update bigint, key_ordinal integer, key_hash bigint, a answer)
RETURNS answer LANGUAGE sql AS $$
    INSERT INTO writes (bot, update_id, ordinal, hash, outcome, event, part, changed)
    VALUES (key_bot, key_update, key_ordinal, key_hash, a.outcome, a.event, a.part, a.changed);
    SELECT a;
$$;
-- +goose StatementEnd

-- know_person keeps the name and language of a person; it writes only what has changed.
-- +goose StatementBegin
CREATE FUNCTION know_person(person_id bigint, person_name text, person_lang text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM users u WHERE u.id = person_id AND u.name = person_name AND u.lang = person_lang;
    IF NOT FOUND THEN
        INSERT INTO users (id, name, lang) VALUES (person_id, person_name, person_lang)
        ON CONFLICT (id) DO UPDATE SET name = person_name, lang = person_lang, updated_at = now();
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION know_community(chat bigint, chat_title text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM communities c WHERE c.id = chat AND c.title = chat_title;
    IF NOT FOUND THEN
        INSERT INTO communities (id, title) VALUES (chat, chat_title)
        ON CONFLICT (id) DO UPDATE SET title = chat_title, updated_at = now();
    END IF;
END $$;
-- +goose StatementEnd

-- create_event makes an event of a draft, once: a draft that already is an event answers with
-- that event, and with changed where its details differ. chat is NULL for a personal event.
-- +goose StatementBegin
CREATE FUNCTION create_event(
    key_bot bigint, key_update bigint, key_ordinal integer, key_hash bigint,
    person_id bigint, person_name text, person_lang text,
    chat bigint, chat_title text, draft_id bigint,
    e_title text, e_description text, e_category text, e_starts timestamptz, e_ends timestamptz,
    e_zone text, e_place text, e_latitude double precision, e_longitude double precision, e_cell bigint, e_capacity integer)
RETURNS answer LANGUAGE plpgsql AS $$
DECLARE
    a answer := recall(key_bot, key_update, key_ordinal, key_hash);
BEGIN
    IF a.outcome IS NOT NULL THEN
        RETURN a;
    END IF;
    a := ('done', 0, '', false, false);

    SELECT e.id, coalesce(p.part, ''), true,
        (e.community, e.title, e.description, e.category, e.starts, e.ends,
         e.zone, e.place, e.latitude, e.longitude, e.capacity)
        IS DISTINCT FROM
        (chat, e_title, e_description, e_category, e_starts, e_ends,
         e_zone, e_place, e_latitude, e_longitude, e_capacity)
    INTO a.event, a.part, a.replayed, a.changed
    FROM events e LEFT JOIN participants p ON p.event = e.id AND p.person = e.owner
    WHERE e.owner = person_id AND e.draft = draft_id;

    IF FOUND THEN
        RETURN remember(key_bot, key_update, key_ordinal, key_hash, a);
    END IF;
    a := ('done', 0, '', false, false);
    IF e_starts < now() - interval '5 minutes' THEN
        a.outcome := 'past';
    ELSIF e_starts > now() + interval '732 days' THEN -- model.MaxAhead
        a.outcome := 'ahead';
    ELSE
        PERFORM know_person(person_id, person_name, person_lang);
        IF chat IS NOT NULL THEN
            PERFORM know_community(chat, chat_title);
        END IF;
        INSERT INTO events (kind, owner, community, draft, title, description, category, starts, ends,
            zone, place, latitude, longitude, cell, capacity)
        VALUES (CASE WHEN chat IS NULL THEN 'personal' ELSE 'community' END, person_id, chat, draft_id,
            e_title, e_description, e_category, e_starts, e_ends,
            e_zone, e_place, e_latitude, e_longitude, e_cell, e_capacity)
        RETURNING id INTO a.event;
    END IF;
    RETURN remember(key_bot, key_update, key_ordinal, key_hash, a);
END $$;
-- +goose StatementEnd

-- join_event puts a person on an event's list, or on its waiting list where it is full. Who is
-- on a list already stays there.
-- +goose StatementBegin
CREATE FUNCTION join_event(
    key_bot bigint, key_update bigint, key_ordinal integer, key_hash bigint,
    person_id bigint, person_name text, person_lang text, event_id bigint)
RETURNS answer LANGUAGE plpgsql AS $$
DECLARE
    a answer := recall(key_bot, key_update, key_ordinal, key_hash);
    e events;
BEGIN
    IF a.outcome IS NOT NULL THEN
        RETURN a;
    END IF;
    a := ('done', event_id, '', false, false);

    SELECT * INTO e FROM events WHERE id = event_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        a.outcome := 'missing';
    ELSIF e.status <> 'open' THEN
        a.outcome := 'closed';
    ELSIF e.ends <= now() THEN
        a.outcome := 'past';
    ELSE
        SELECT p.part INTO a.part FROM participants p WHERE p.event = event_id AND p.person = person_id;
        IF NOT FOUND THEN
            PERFORM know_person(person_id, person_name, person_lang);
            a.part := CASE WHEN e.capacity = 0 OR e.going < e.capacity THEN 'going' ELSE 'waiting' END;
            INSERT INTO participants (event, person, part) VALUES (event_id, person_id, a.part);
            UPDATE events SET
                going = going + (a.part = 'going')::integer,
                waiting = waiting + (a.part = 'waiting')::integer
            WHERE id = event_id;
        END IF;
    END IF;
    RETURN remember(key_bot, key_update, key_ordinal, key_hash, a);
END $$;
-- +goose StatementEnd

-- leave_event takes a person off both lists. The first who waits moves up, unless the event is
-- over or called off.
-- +goose StatementBegin
CREATE FUNCTION leave_event(
    key_bot bigint, key_update bigint, key_ordinal integer, key_hash bigint,
    person_id bigint, event_id bigint)
RETURNS answer LANGUAGE plpgsql AS $$
DECLARE
    a answer := recall(key_bot, key_update, key_ordinal, key_hash);
    e events;
    was text;
    moved integer := 0;
BEGIN
    IF a.outcome IS NOT NULL THEN
        RETURN a;
    END IF;
    a := ('done', event_id, '', false, false);

    SELECT * INTO e FROM events WHERE id = event_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        a.outcome := 'missing';
    ELSE
        DELETE FROM participants p WHERE p.event = event_id AND p.person = person_id RETURNING p.part INTO was;
        IF was = 'waiting' THEN
            UPDATE events SET waiting = waiting - 1 WHERE id = event_id;
        ELSIF was = 'going' THEN
            IF e.status = 'open' AND e.ends > now() AND e.waiting > 0 AND e.going <= e.capacity THEN
                UPDATE participants p SET part = 'going'
                WHERE p.event = event_id AND p.person = (
                    SELECT w.person FROM participants w
                    WHERE w.event = event_id AND w.part = 'waiting' ORDER BY w.number LIMIT 1);
                GET DIAGNOSTICS moved = ROW_COUNT;
            END IF;
            UPDATE events SET going = going - 1 + moved, waiting = waiting - moved WHERE id = event_id;
        END IF;
    END IF;
    RETURN remember(key_bot, key_update, key_ordinal, key_hash, a);
END $$;
-- +goose StatementEnd

-- cancel_event calls an event off. Only its owner may; to do it twice is no error.
-- +goose StatementBegin
CREATE FUNCTION cancel_event(
    key_bot bigint, key_update bigint, key_ordinal integer, key_hash bigint,
    person_id bigint, event_id bigint)
RETURNS answer LANGUAGE plpgsql AS $$
DECLARE
    a answer := recall(key_bot, key_update, key_ordinal, key_hash);
    e events;
BEGIN
    IF a.outcome IS NOT NULL THEN
        RETURN a;
    END IF;
    a := ('done', event_id, '', false, false);

    SELECT * INTO e FROM events WHERE id = event_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        a.outcome := 'missing';
    ELSIF e.owner IS DISTINCT FROM person_id THEN
        a.outcome := 'foreign';
    ELSIF e.status = 'hidden' THEN
        a.outcome := 'closed';
    ELSIF e.ends <= now() THEN
        a.outcome := 'past';
    ELSE
        IF e.status = 'open' THEN
            UPDATE events SET status = 'cancelled', updated_at = now() WHERE id = event_id;
        END IF;
        a.part := coalesce((SELECT p.part FROM participants p WHERE p.event = event_id AND p.person = person_id), '');
    END IF;
    RETURN remember(key_bot, key_update, key_ordinal, key_hash, a);
END $$;
-- +goose StatementEnd
