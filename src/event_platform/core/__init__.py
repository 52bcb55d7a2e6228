"""What all stages agree on; imports no stage.

rules/            what an event must be to be stored: decode, validate, enrich; pure functions
settings/         every setting: declared, read and checked
connections/      clients of Kafka, Postgres and Redis
http/             the bounded HTTP server of all services

envelope          the wrapper of a record of ``events.raw``
topics            both topics: their configuration, creation and checks
strict_json       JSON as RFC 8259 has it, with a bound on nesting
original          a record's value inside JSON, restorable byte for byte
errors            the platform's errors, by what the caller can do
metrics           every metric, with its meaning
telemetry         structured logs
clock_skew        whether the clocks of two machines agree
sighup            SIGHUP, blocked until a process can handle it
"""
