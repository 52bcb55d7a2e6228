"""The JSON of every response, declared once for the code, the OpenAPI document and the dashboard's types.

Names are snake_case, and times are RFC 3339 in UTC with ``Z``.

model    what all response models share
counts   overview, top event types and series
search   events and dead letters
lookup   what became of requests and keys
health   the status of every dependency
lag      how far the processor is behind
errors   every response that is not a success
"""
