"""The HTTP server of all three services: uvicorn, with bounds on what a client can make it hold.

In the order in which a connection meets them:

listening_socket         opens the service's socket before anything else starts
file_descriptor_limit    raises the limit of open files to the number of connections
server                   builds and runs uvicorn, and aborts connections whose deadline has passed
bounds                   the limits of a service, in one place
connection_limit         makes room for a new connection, or says that there is none
refusal                  responses to connections beyond the limit and to malformed requests
protocol                 a connection: deadlines, pipelining and the end
request_parsing          the requests of a connection: parses them, and bounds heads and trailers
request_head_validation  whether a request's head is valid and within the bounds
flow_control             pauses reading while received bytes wait to be parsed
response_writer          writes small responses at once and large ones in portions
response_budget          bounds the bytes of responses that wait for slow clients

Beside that:

docs_page                an OpenAPI document as an HTML page without scripts
schema_example           a JSON schema as an example value
"""
