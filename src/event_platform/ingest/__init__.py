"""HTTP → Redis → Kafka: a 202 means that Kafka acknowledged the event.

Start and end of a process:

    app                   entry point: checks at startup, the port, one or several processes
    worker_pool           several processes that share the port
    serve                 one process: its HTTP server and its end
    service               builds and connects the components of a process
    background_tasks      deadlines, resent claim updates, gauges, Kafka probes

A request meets these modules in this order:

    http_limits           bounds of the HTTP server
    connection_rejection  the response on a connection beyond the bound
    routing               path → handler
    request_ids           request id and arrival time
    request               the request's headers
    accept                the flow of one event
    batch                 the flow of many events
    auth                  API key → tenant; reloads keys and limits on SIGHUP
    over_limit_tenants    rejects tenants over their limit before their bodies are read
    body_budget           bound on the memory of bodies
    request_body          reads or discards a body
    batch_envelope        a batch's body → its items
    json_splitter         a JSON text → the raw bytes of its parts
    event                 keys and body → event
    offloaded_parsing     parses expensive bodies beside the event loop
    parser_process        the process that it does so in
    fingerprint           which bodies are the same event

Admission: rate limit and idempotency

    admission             one call per request or batch: charge and claim, later confirm or release
    claims                claim on an idempotency key, and the decision about it
    admission_script      operations and answers of admission.lua
    admission_batcher     gathers the operations of a tick into one call
    redis_client          calls the script; connects, probes, reconnects
    redis_connector       opens a connection to one of the addresses of Redis
    redis_connection      RESP over one connection, with deadlines
    redis_address         address and credentials of Redis
    redis_errors          classifies error replies
    redis_outage          decides while Redis is unavailable
    fallback_limiter      the rate limit without Redis
    shared_rate_counts    recent requests of each tenant, in shared memory
    rate_limits           limit of each tenant, and the headers of a 429

Publication and response

    publisher             publishes to Kafka, and waits for acknowledgements
    kafka_producer        the producer, replaced when it fails
    delivery_outcomes     acknowledged, certainly not published, or unknown
    responses             every response
    rejections            every documented error

Operation

    operator_endpoints    health, metrics and documentation over HTTP
    health                readiness from the status of dependencies
    dependency_status     whether Redis, Kafka and the clock are usable, and since when
    shared_counters       counters of metrics, in shared memory
"""
