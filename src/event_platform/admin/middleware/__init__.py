"""What every request passes through, from the outermost layer to the innermost.

request_metrics    counts and times responses by route
security_headers   headers against sniffing, framing and caching
access             host names, origins and tokens that may call the API
body_limit         bounds on the memory that request bodies take
head_as_get        HEAD answered as GET
error_responses    every error as the same JSON
"""
