"""HTTP → Redis → Kafka: a 202 means that Kafka acknowledged the event.

A request meets these modules in this order:

    workers           processes that share the port
    app               what is built at start, and which request goes where
    http_limits       what core.http bounds here; refused_connection: what one too many is told
    routing           which request goes where
    accept            the flow of one event; batch: the flow of many
    auth              API key → tenant, and both read again on SIGHUP; exhausted: who is over the limit already
    request           headers and body as an event, within body_budget; slow_lane: those that take long to read,
                      in a reading_process
    fingerprint       what makes two bodies the same
    admission         rate limit and claim, decided in admission.lua; redis_link carries it to where redis_dialer leads,
                      until redis_errors says that it is the wrong server
    fallback_limiter  the rate limit while Redis is away, by what all processes counted in charges
    publisher         the Kafka producer; publication: what becomes of what is handed to it
    responses         every answer; problems: every refusal
    health, pages     what operators and tools read
"""
