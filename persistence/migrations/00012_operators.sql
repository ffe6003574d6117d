-- +goose Up
-- Since when somebody is banned, and why, as the operators say.
ALTER TABLE users ADD COLUMN banned_at timestamptz;
ALTER TABLE users ADD COLUMN ban_reason text NOT NULL DEFAULT '' CHECK (char_length(ban_reason) <= 500);
UPDATE users SET banned_at = updated_at WHERE banned;
CREATE INDEX users_banned ON users (banned_at DESC, id) WHERE banned;

-- Deleted by an operator: in nobody's sight, and kept for a week, so that those who joined can be told.
ALTER TABLE events DROP CONSTRAINT events_status_check;
ALTER TABLE events ADD CONSTRAINT events_status_check CHECK (status IN ('open', 'cancelled', 'hidden', 'deleted'));

-- What organisers wrote to those who joined, without the words: so many a day are let through.
CREATE TABLE organiser_messages (
    event   bigint      NOT NULL REFERENCES events ON DELETE CASCADE,
    sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX organiser_messages_event ON organiser_messages (event, sent_at);

-- What is new among the reports.
CREATE INDEX reports_made ON reports (made_at);

-- Up to when operators were told of reports, and when that was.
CREATE TABLE digests (
    bot      bigint      NOT NULL,
    operator bigint      NOT NULL,
    until    timestamptz NOT NULL, -- when the newest report was made that they were told of
    told_at  timestamptz NOT NULL,
    PRIMARY KEY (bot, operator)
);
