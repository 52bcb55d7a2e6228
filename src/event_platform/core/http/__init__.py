"""One HTTP server for all three services: uvicorn's, with a bound on everything that a client can make it hold.

A connection meets these modules in this order:

    listening_socket         the socket of a service, bound before anything else starts
    file_descriptor_limit    as many open files as connections are allowed
    server                   uvicorn's server as each service runs it, and its watch of overdue connections
    bounds                   the numbers of a service, in one place
    connection_limit         which connections are closed: overdue ones, and idle ones that make room for a new one
    refusal                  the 503 of a connection for which there is no room
    protocol                 one connection: its deadlines and bounds, on uvicorn's parser
    flow_control             when a connection reads on, and how much of a response is written at once
    head_validation          whether a request's head is within HTTP's bounds, and ours
    response_writer          small responses in one write, large ones in portions
    response_budget          how many bytes of responses may wait for their clients

Beside that:

    docs_page                an OpenAPI document as one page without scripts
    schema_outline           a JSON schema as an example value
"""
