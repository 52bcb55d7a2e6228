"""HTTP → Redis → Kafka: a 202 means that Kafka acknowledged the event.

A request meets these modules in this order:

    workers           processes that share the port
    app               what is built at start, and which request goes where
    open_files        as many as connections are allowed
    protocol          HTTP's deadlines and bounds, on uvicorn's parser; the numbers are in http_limits,
                      the head's in head_bounds
    exchange          a request's answer in one write
    accept            the flow of one event; batch: the flow of many
    auth              API key → tenant; hang_up: SIGHUP has the keys read again
    request           headers and body as an event, within body_budget; slow_lane: those that are hard to read
    fingerprint       what makes two bodies the same
    admission         rate limit and claim, decided in admission.lua; redis_link carries it
    fallback_limiter  the rate limit while Redis is away
    publisher         the Kafka producer; publication: what becomes of what is handed to it
    responses         every answer; problems: every refusal
    health, pages     what operators and tools read
"""
