"""Clients of Kafka, Postgres and Redis, configured in one place.

kafka                 client configurations, and Kafka's errors as `UnavailableError`
replaceable_client    a Kafka client that is replaced when it has lost all brokers
postgres              connections with fixed session settings and a deadline
sqlstate              what an error of Postgres means for the caller
redis                 connections for everything but ingest's admission script
"""
