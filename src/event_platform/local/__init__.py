"""Real Postgres, Redis and Kafka on this machine without containers, and their supervisor."""
