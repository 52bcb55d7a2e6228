"""Every Prometheus metric of the services, a module per service.

declaration    a metric's name, help text, kind, labels and buckets
ingest         metrics that ingest counts in shared memory
processor      metrics of a processor worker
admin          metrics of the admin API
"""
