"""What operators see of the processor: health and metrics.

health              the only owner of what `/health` reports, with the state starting → running → stopping
partition_status    partitions that are assigned, stopped or stalled
timings             how long each step of a batch takes
dead_letter_bursts  detects when most records become dead letters
merged_metrics      the metrics of several workers as one exposition
http                `/health`, `/livez` and `/metrics`
"""
