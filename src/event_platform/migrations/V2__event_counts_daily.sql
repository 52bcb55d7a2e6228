-- Events of a type by the day, so that the commonest types of a month are summed from some thousand rows. By the hour
-- these are hundreds of thousands. Nothing may count meanwhile, or the days would lack what the hours have.

LOCK TABLE event_counts_hourly IN SHARE MODE;

CREATE TABLE event_counts_daily (
    day              timestamptz NOT NULL,  -- by received_at; kept for a day longer than events
    tenant_id        text        NOT NULL,
    event_type       text        NOT NULL,  -- as it was counted by the hour
    source_partition integer     NOT NULL,
    n                bigint      NOT NULL,
    PRIMARY KEY (day, tenant_id, event_type, source_partition)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

INSERT INTO event_counts_daily
SELECT date_trunc('day', hour, 'UTC'), tenant_id, event_type, source_partition, sum(n)
FROM event_counts_hourly GROUP BY 1, 2, 3, 4;
