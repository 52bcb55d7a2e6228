"""Simulated producers: send events on a schedule, record every answer, and reconcile it with what was stored.

command          ``event-platform loadgen``: send, report, reconcile
options          the command line's options, checked and turned into the configuration of a run
finite_range     the option type for finite numbers within a range
exit_codes       exit statuses of the commands that reconcile

traffic/         what to send and when; depends on the scenario and the seed alone
sending/         worker processes that send the requests over HTTP, open loop
recording/       what each attempt got: counters, latency histograms, the attempt log
reconciliation/  compares every attempt with what the admin API finds, and reports the differences
report/          the figures of a run as text, JSON, HTML and exit status
demo/            ``event-platform demo`` and ``demo-failure``: traffic and outages on the local platform
"""
