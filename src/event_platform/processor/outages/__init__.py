"""How the processor survives outages: retries, and calls that are stuck.

dependency_status    Kafka, Postgres and the dead-letter topic: marked up or down by the operations that need them
retry                retry with backoff, until the work succeeds
stuck_detector       marks an attempt that does not return, and breaks its connection
"""
