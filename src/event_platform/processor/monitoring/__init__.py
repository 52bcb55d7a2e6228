"""How the processor survives outages and what operators see of it: health, retries, stuck calls, metrics.

health              the only owner of what `/health` reports, with the state starting → running → stopping
dependency_status   Kafka, Postgres and the dead-letter topic: marked up or down by the operations that need them
partition_status    partitions that are assigned, stopped or stalled
retry               retry with backoff, until the work succeeds
stuck_detector      marks an attempt that does not return, and breaks its connection
timings             how long each step of a batch takes
dead_letter_bursts  detects when most records become dead letters
merged_metrics      the metrics of several workers as one exposition
http                `/health`, `/livez` and `/metrics`
"""
