"""Kafka → Postgres, or the dead letters: decode, validate, enrich, store, bury."""
