-- +goose Up
-- Where the bot is: the chat may have left it, or become another chat.
ALTER TABLE communities
    ADD COLUMN topic    bigint NOT NULL DEFAULT 0, -- a forum's, where the bot writes; 0: in none
    ADD COLUMN left_at  timestamptz,               -- the bot is not in the chat
    ADD COLUMN moved_to bigint;                    -- the supergroup that the group has become

-- What a community has to come.
CREATE INDEX events_community ON events (community, starts) WHERE community IS NOT NULL;

-- The message that shows an event in its community's chat. What people do to the event raises the
-- version; what of it the message shows follows.
CREATE TABLE announcements (
    event    bigint      PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    bot      bigint      NOT NULL,
    chat     bigint      NOT NULL,
    message  bigint      NOT NULL DEFAULT 0, -- 0: not sent
    version  bigint      NOT NULL,
    shown    bigint      NOT NULL DEFAULT 0, -- the version
    due_at   timestamptz,                    -- when to show the newest version; NULL: that waits for a change
    attempts integer     NOT NULL DEFAULT 0, -- since it was last shown
    sent     integer     NOT NULL DEFAULT 0, -- how often as a new message
    ended_at timestamptz                     -- it is not to be shown any more
) WITH (fillfactor = 70); -- room to count versions in place, without touching an index

CREATE INDEX announcements_due ON announcements (bot, due_at) WHERE due_at IS NOT NULL;

-- Who wants no reminders at all.
ALTER TABLE users ADD COLUMN muted_at timestamptz;
