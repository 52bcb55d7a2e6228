"""Postgres and Kafka → JSON for operators, and the pages of the dashboard."""
