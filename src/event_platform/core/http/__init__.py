"""One HTTP server for all three services: uvicorn's, with a bound on everything that a client can make it hold.

A connection meets these modules in this order:

    server          uvicorn's server as each service runs it, and the watch beside it
    open_files      as many as connections are allowed
    bounds          the numbers of a service, in one place
    room            which connections are ended: those that are overdue, and those that give way to a new one
    refusal         what a connection is told for which there is no room
    protocol        one connection: deadlines and bounds, on uvicorn's parser; flow: when it reads on
    head_bounds     whether a head is within HTTP's bounds, and ours
    exchange        a request and its answer
    answer_budget   how many bytes of answers may wait for their clients
"""
