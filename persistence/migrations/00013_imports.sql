-- +goose Up
-- Calendars that events were imported from, by the name that the operators gave them.
CREATE TABLE sources (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 64),
    imported_at timestamptz
);

-- Which event of a calendar is which of ours.
CREATE TABLE imports (
    source     bigint NOT NULL REFERENCES sources,
    uid        text   NOT NULL CHECK (octet_length(uid) <= 255),
    occurrence text   NOT NULL, -- of one that recurs: when it would start
    event      bigint NOT NULL UNIQUE REFERENCES events ON DELETE CASCADE,
    digest     bigint NOT NULL, -- of what was imported
    PRIMARY KEY (source, uid, occurrence)
);
