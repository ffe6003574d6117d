-- +goose Up
-- Whom not to write to: who blocked the bot, until they return or join something anew.
ALTER TABLE users ADD COLUMN blocked_at timestamptz;
-- Who wants no reminders of an event.
ALTER TABLE participants ADD COLUMN muted boolean NOT NULL DEFAULT false;
