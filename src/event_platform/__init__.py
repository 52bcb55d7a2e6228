"""The event platform, its packages in the order in which an event meets them.

    loadgen             simulated producers, and the reconciliation of every event they sent
    ingest              HTTP → Redis (rate limit, idempotency) → Kafka ``events.raw``
    processor           Kafka → Postgres, or the dead-letter queue with a reason
    admin               Postgres and Kafka → JSON for operators, and the dashboard's pages

Beside the flow:

    core                what all stages agree on: rules, settings, connections, HTTP, metrics, errors
    migrations          the schema of Postgres, and the runner that applies it
    local               ``event-platform up``: real Kafka, Postgres and Redis without containers, supervised
    cli                 the command line over all of these
    service_commands    the verbs that run one service, or prepare a server for them
    reference           renders ``docs/reference`` and ``.env.example`` from the code

Stages never import each other; ``core`` imports no stage.
"""
