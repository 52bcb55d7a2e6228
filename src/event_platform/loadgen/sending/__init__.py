"""Sends the plan's requests over HTTP on schedule, from one or several worker processes.

load_run          a whole run: the workers together, their counters added up
worker_handle     a worker as its parent sees it: start, messages, end
worker_main       what a worker does: send its share of the plan, report counters
run_config        what a run sends, where and how
target            where requests go, and with whose API keys
open_loop         starts each request when the schedule says, whatever the answers do
sender            the requests in flight: connections, time-outs, retries
connection_pool   keep-alive connections, opened on demand
connection        one HTTP/1.1 connection
request_encoder   requests as bytes
response_decoder  what a response says about each event of its request
result_handler    counts and logs each result, and selects the events to retry
retry_policy      which results are retried, and after which delay
"""
