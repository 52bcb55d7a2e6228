"""Postgres and Kafka → JSON for operators, and the pages of the dashboard.

app                   the FastAPI application: assembled and run
middleware/           what every request passes through: access, body size, errors, headers, metrics
routes                which path answers with which query
parameters            the parameters and request bodies of the API
queries/              reads from Postgres
lag/                  how far the processor is behind, from Kafka
health/               the status of every dependency
shared_result         one result shared by all concurrent callers
kafka_client_monitor  replaces the AdminClient when it has lost every broker
responses/            the JSON of every response
openapi               the OpenAPI document
dashboard_pages       the built dashboard, served as static files
"""
