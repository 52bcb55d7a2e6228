"""What each attempt to send an event got, and the counters and latencies of a whole run.

attempt_result   the result of one attempt as a producer sees it, and how it is counted
attempt          one attempt as the log keeps it, for reconciliation
attempt_log      a file with every attempt, one JSON object per line
histogram        durations with constant relative precision
counters         counts and latencies of a run or a part of it; they add up
timeline         a run second by second
"""
