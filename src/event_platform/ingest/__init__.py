"""HTTP → Redis → Kafka: authenticate, limit, recognise duplicates, publish, answer."""
