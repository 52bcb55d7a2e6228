"""The event platform, its packages in the order in which an event meets them.

    loadgen      plays the producers, and audits what became of their events
    ingest       HTTP → Redis (rate, idempotency) → Kafka ``events.raw``
    processor    Kafka → Postgres, or the dead letters with a reason
    admin        Postgres and Kafka → JSON for operators, and the dashboard's pages

Beside the flow:

    core         what all stages agree on: the envelope, topics, settings, errors, connections, telemetry
    migrations   the schema of Postgres, and what applies it
    local        ``event-platform up``: real Kafka, Postgres and Redis without containers, supervised
    cli          the command line over all of these

Stages never import each other; ``core`` imports no stage.
"""
