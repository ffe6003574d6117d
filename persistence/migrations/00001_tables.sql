-- +goose Up
-- The tables. CHECKs repeat the limits of persistence/model, so that nothing gets past them
-- by another way. Ids of people, chats and bots are Telegram's.

CREATE TABLE users (
    id         bigint      PRIMARY KEY,
    name       text        NOT NULL CHECK (char_length(name) <= 64),
    lang       text        NOT NULL CHECK (lang IN ('ru', 'en')),
    banned     boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE communities (
    id         bigint      PRIMARY KEY,
    title      text        NOT NULL CHECK (char_length(title) <= 255),
    creators   text        NOT NULL DEFAULT 'everyone' CHECK (creators IN ('everyone', 'admins', 'nobody')),
    lang       text        NOT NULL DEFAULT '' CHECK (lang IN ('', 'ru', 'en')), -- '': each person's own
    quiet      boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text             NOT NULL CHECK (kind IN ('personal', 'community', 'imported')),
    owner       bigint           REFERENCES users,
    community   bigint           REFERENCES communities,
    draft       bigint,
    title       text             NOT NULL CHECK (char_length(title) BETWEEN 1 AND 120),
    description text             NOT NULL CHECK (char_length(description) <= 2000),
    category    text             NOT NULL CHECK (category IN
                    ('music', 'sport', 'kids', 'food', 'games', 'talks', 'walks', 'other')),
    starts      timestamptz      NOT NULL,
    ends        timestamptz      NOT NULL,
    zone        text             NOT NULL CHECK (char_length(zone) BETWEEN 1 AND 64),
    place       text             NOT NULL CHECK (char_length(place) <= 200),
    latitude    double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    capacity    integer          NOT NULL CHECK (capacity BETWEEN 0 AND 100000),
    status      text             NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'cancelled', 'hidden')),
    -- Rows of participants, counted by whoever changes them under this row's lock.
    going       integer          NOT NULL DEFAULT 0 CHECK (going >= 0),
    waiting     integer          NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    created_at  timestamptz      NOT NULL DEFAULT now(),
    updated_at  timestamptz      NOT NULL DEFAULT now(),
    cell        bigint           NOT NULL, -- the S2 cell of the place, see persistence/cells.go
    UNIQUE (owner, draft),
    CHECK (ends BETWEEN starts AND starts + interval '366 days'),
    CHECK ((kind = 'community') = (community IS NOT NULL)),
    CHECK ((kind = 'imported') = (owner IS NULL)),
    CHECK (capacity = 0 OR going <= capacity)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05); -- room to count those who join in place, without touching an index

-- Nearby: ranges of cells, and the time of an event is known before its row is read.
CREATE INDEX events_nearby ON events (cell, starts, ends) WHERE status = 'open';
-- Reminders: what starts soon.
CREATE INDEX events_starts ON events (starts) WHERE status = 'open';
-- Mine, what a person created. Open ones only, also lest it be taken for the one to find a draft
-- by: to a plan made while the table is empty, all indexes that begin with the owner look alike.
CREATE INDEX events_owner ON events (owner, ends) WHERE status = 'open';

CREATE TABLE participants (
    event  bigint      NOT NULL REFERENCES events ON DELETE CASCADE,
    person bigint      NOT NULL REFERENCES users,
    part   text        NOT NULL CHECK (part IN ('going', 'waiting')),
    number bigint      GENERATED ALWAYS AS IDENTITY, -- the order of joining
    since  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event, person)
);

-- Who came first, among those who come and those who wait.
CREATE INDEX participants_order ON participants (event, part, number);
-- Mine, what a person joined.
CREATE INDEX participants_person ON participants (person, event);

-- What is wrong with events, as people say.
CREATE TABLE reports (
    event   bigint      NOT NULL REFERENCES events ON DELETE CASCADE,
    person  bigint      NOT NULL REFERENCES users,
    reason  text        NOT NULL CHECK (char_length(reason) <= 500),
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event, person)
);

-- What every write answered, by its idempotency key.
CREATE TABLE writes (
    bot       bigint      NOT NULL,
    update_id bigint      NOT NULL,
    ordinal   integer     NOT NULL,
    hash      bigint      NOT NULL, -- of the command
    outcome   text        NOT NULL,
    event     bigint      NOT NULL,
    part      text        NOT NULL,
    promoted  bigint      NOT NULL,
    changed   boolean     NOT NULL,
    done_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot, update_id, ordinal)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

-- What is too old: written in the order of time, so that the smallest of indexes will do.
CREATE INDEX writes_done ON writes USING brin (done_at) WITH (pages_per_range = 16);

-- The reminders that were sent, or are about to be, each once.
CREATE TABLE reminders (
    event    bigint      NOT NULL REFERENCES events ON DELETE CASCADE,
    starts   timestamptz NOT NULL,
    kind     text        NOT NULL CHECK (kind IN ('day', 'hour')),
    person   bigint      NOT NULL,
    attempts integer     NOT NULL DEFAULT 0,
    ended_at timestamptz, -- sent, or no longer due
    PRIMARY KEY (event, person, kind, starts)
) WITH (fillfactor = 70);

CREATE INDEX reminders_unfinished ON reminders (starts) WHERE ended_at IS NULL;

-- Unlogged: sessions outlive the bot, and after a crash of PostgreSQL itself a person at
-- worst starts a step again; in return a checkpoint writes no WAL.
CREATE UNLOGGED TABLE snapshots (
    bot         bigint      NOT NULL,
    person      bigint      NOT NULL,
    epoch       bigint      NOT NULL,
    incarnation bigint      NOT NULL,
    revision    bigint      NOT NULL,
    data        bytea       NOT NULL,
    saved_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot, person)
) WITH (fillfactor = 70); -- overwritten in place, again and again

-- The epoch of the process that owns a bot; it grows with every new owner.
CREATE TABLE owners (
    bot   bigint PRIMARY KEY,
    epoch bigint NOT NULL CHECK (epoch > 0)
);
