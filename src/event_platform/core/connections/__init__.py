"""Clients of Kafka, Postgres and Redis, configured in one place.

kafka                 client configurations, and errors as `UnavailableError`
replaceable_client    a Kafka client that is replaced when it has lost all brokers
postgres              connections whose session settings are pinned
redis                 connections for all but ingest's admission script
"""
