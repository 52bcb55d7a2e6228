-- Everything that the processor writes and the admin API reads. Times are UTC; "day" always means the UTC day.

CREATE TABLE events (
    id              uuid        NOT NULL,  -- the UUID of request_id, made at ingest
    tenant_id       text        NOT NULL,
    event_id        text        NOT NULL,
    idempotency_key text        NOT NULL,
    event_type      text        NOT NULL,
    schema_version  integer     NOT NULL,
    occurred_at     timestamptz NOT NULL,  -- as the producer said
    received_at     timestamptz NOT NULL,  -- assigned once, at ingest
    processed_at    timestamptz NOT NULL DEFAULT now(),
    status          text        NOT NULL DEFAULT 'processed',
    payload         jsonb       NOT NULL,
    extensions      jsonb,                 -- top-level fields beyond the contract's; null mostly
    PRIMARY KEY (tenant_id, id, received_at)
) PARTITION BY RANGE (received_at);

-- There is no default partition: it would block making and detaching others, and hold keys unique over all days.
-- Each day's partition also gets a unique index on (tenant_id, idempotency_key), which makes the store the judge of
-- what is a duplicate within a day.
-- received_at is in it so that the newest rows of an event_id sent over and over are read without reading all of them.
CREATE INDEX events_by_event_id ON events (tenant_id, event_id, received_at);
CREATE INDEX events_by_type ON events (event_type, occurred_at);

-- Dead letters, and the outbox of the dead-letter topic: rows without published_at are still to be published.
CREATE TABLE dlq_events (
    id               bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    failed_at        timestamptz NOT NULL,
    code             text        NOT NULL,
    reason           text        NOT NULL,
    source_topic     text        NOT NULL,
    source_topic_id  text        NOT NULL,
    source_partition integer     NOT NULL,
    source_offset    bigint      NOT NULL,
    tenant_id        text,                 -- this and the next three: where they could be read
    event_id         text,
    idempotency_key  text,
    request_id       text,
    record_key       bytea,
    headers          jsonb       NOT NULL DEFAULT '[]',  -- [[name, base64 of the value or null], …]
    original_bytes   bytea,                -- null for a null value
    published_at     timestamptz,
    UNIQUE (source_topic_id, source_partition, source_offset)
);

CREATE INDEX dlq_events_newest ON dlq_events (failed_at DESC, id DESC);
CREATE INDEX dlq_events_by_code ON dlq_events (code, failed_at DESC, id DESC);
CREATE INDEX dlq_events_by_tenant ON dlq_events (tenant_id, failed_at DESC, id DESC);
CREATE INDEX dlq_events_by_tenant_and_code ON dlq_events (tenant_id, code, failed_at DESC, id DESC);
CREATE INDEX dlq_events_by_event_id ON dlq_events (tenant_id, event_id, failed_at DESC, id DESC);
CREATE INDEX dlq_events_by_key ON dlq_events (tenant_id, idempotency_key, failed_at DESC, id DESC);
CREATE INDEX dlq_events_by_request ON dlq_events (tenant_id, request_id);
CREATE INDEX dlq_events_unpublished ON dlq_events (id) WHERE published_at IS NULL;

-- Acknowledged requests whose event was stored already under another id, so that their request_id is found too.
CREATE TABLE duplicate_requests (
    tenant_id   text        NOT NULL,
    id          uuid        NOT NULL,
    received_at timestamptz NOT NULL,      -- of the duplicate
    first_id    uuid        NOT NULL,      -- the stored row's id
    seen_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id, received_at)
);

CREATE INDEX duplicate_requests_by_age ON duplicate_requests (seen_at);

-- Rollups, written in the transaction that stores the rows they count. The source partition is part of each key, so
-- that one row has one writer; readers sum. The low fill factor lets updates stay on their page (HOT).
CREATE TABLE throughput (
    bucket           timestamptz NOT NULL,  -- start of 10 seconds, by time of processing
    tenant_id        text        NOT NULL,  -- '' where it could not be read
    outcome          text        NOT NULL CHECK (outcome IN ('stored', 'duplicate', 'dead')),
    code             text        NOT NULL,  -- of a dead letter, else ''
    source_partition integer     NOT NULL,
    n                bigint      NOT NULL,
    PRIMARY KEY (bucket, tenant_id, outcome, code, source_partition)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- The same by the hour, so that a day or a month is summed from few rows.
CREATE TABLE throughput_hourly (
    hour             timestamptz NOT NULL,
    tenant_id        text        NOT NULL,
    outcome          text        NOT NULL CHECK (outcome IN ('stored', 'duplicate', 'dead')),
    code             text        NOT NULL,
    source_partition integer     NOT NULL,
    n                bigint      NOT NULL,
    PRIMARY KEY (hour, tenant_id, outcome, code, source_partition)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX throughput_hourly_dead ON throughput_hourly (code, hour) WHERE outcome = 'dead';

CREATE TABLE event_counts (
    minute           timestamptz NOT NULL,  -- by received_at; kept for 2 days
    tenant_id        text        NOT NULL,
    event_type       text        NOT NULL,  -- '(other)' beyond 200 types of a tenant in an hour
    source_partition integer     NOT NULL,
    n                bigint      NOT NULL,
    PRIMARY KEY (minute, tenant_id, event_type, source_partition)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE event_counts_hourly (
    hour             timestamptz NOT NULL,  -- by received_at; kept as long as events
    tenant_id        text        NOT NULL,
    event_type       text        NOT NULL,
    source_partition integer     NOT NULL,
    n                bigint      NOT NULL,
    PRIMARY KEY (hour, tenant_id, event_type, source_partition)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Where each partition goes on. The guarded update of next_offset is what fences a worker that lost its partition,
-- and what makes redelivery change nothing.
CREATE TABLE consumer_progress (
    topic       text    NOT NULL,
    topic_id    text    NOT NULL,           -- a topic made anew under its old name has another id, and starts anew
    partition   integer NOT NULL,
    next_offset bigint  NOT NULL,
    PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 100, autovacuum_vacuum_cost_delay = 0);

-- Records that Kafka dropped before they were processed, because nothing read them within its retention.
CREATE TABLE progress_gaps (
    topic       text        NOT NULL,
    topic_id    text        NOT NULL,
    partition   integer     NOT NULL,
    from_offset bigint      NOT NULL,
    to_offset   bigint      NOT NULL,       -- the first that was still there
    noticed_at  timestamptz NOT NULL,
    PRIMARY KEY (topic_id, partition, from_offset)
);
