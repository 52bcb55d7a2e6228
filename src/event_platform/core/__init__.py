"""Code that all services share; imports none of them.

rules/                 what an event must be to be stored: decode, validate, enrich; pure functions
settings/              every setting: declared, read and checked
connections/           clients of Kafka, Postgres and Redis
http/                  the bounded HTTP server of all services
metrics/               every Prometheus metric, with its help text

envelope               the wrapper of a record of ``events.raw``
request_ids            request ids: their format, parsed and normalised
strict_json            JSON as RFC 8259 has it, with a limit on nesting
record_value_encoding  a record's value inside JSON, restorable byte for byte
topics                 both topics: their configuration and creation
topic_limits           checks that the topics can hold what the settings allow
addresses              loopback and wildcard hosts, and the URL at which a service is reached
errors                 the platform's exceptions, by what the caller can do
error_text             any exception as one line of text
backoff                how long to wait between attempts
clock_skew             whether the clocks of two machines agree
worker_pool            worker processes that are kept running
event_loop             the event loop of every process that has one
telemetry              structured logs
sighup                 SIGHUP, blocked until a process can handle it
"""
