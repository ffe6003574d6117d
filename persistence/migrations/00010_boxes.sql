-- +goose Up
-- Updates that were confirmed to Telegram before they were settled. A row goes when its update
-- is settled; one that was begun too often and never settled is set aside.
CREATE TABLE inbox (
    bot         bigint      NOT NULL,
    update_id   bigint      NOT NULL,
    payload     bytea       NOT NULL, -- the update, as JSON
    attempts    integer     NOT NULL, -- how often it was begun; 0: to be begun by whoever sees it
    received_at timestamptz NOT NULL DEFAULT now(),
    set_aside   timestamptz,
    PRIMARY KEY (bot, update_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Replies that could not be delivered yet, of each chat in order. A row goes when it is
-- delivered and the state of its person knows.
CREATE TABLE outbox (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    bot       bigint      NOT NULL,
    chat      bigint      NOT NULL,
    edits     bigint      NOT NULL, -- the message that it edits; 0: none
    payload   bytea       NOT NULL, -- the reply, as JSON
    message   bigint      NOT NULL DEFAULT 0, -- as which it was delivered; 0: it was not
    queued_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot, chat, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
