"""``event-platform demo`` and ``demo-failure``: traffic and outages on the local platform.

command           both commands
experiments       the failure demo's experiments: what each sends, and what it stops meanwhile
runner            runs an experiment: traffic and actions at the same time, with a running commentary
rate_limits       the quotas that ingest runs with during a demo
platform_control  drives the local platform through its command line
"""
