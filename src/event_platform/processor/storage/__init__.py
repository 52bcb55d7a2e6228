"""Stores batches in Postgres: the writer decides how often and in which pieces, the transaction writes one piece.

In the order in which a batch meets them, then what serves it:

    batch             a batch with each record's outcome, and what COPY and the rollups need of it
    writer            stores a batch, whatever happens: fenced partitions, refused rows, locks, conflicts
    transaction       the one transaction: offsets, rows, dead letters, rollups
    offset_store      the next offset of every partition, and the fencing guard on it
    binary_copy       rows in the binary format of COPY
    staging           the slower way into ``events``, past rows that conflict or are refused
    conflicts         redelivered, duplicate or key reused
    dead_letters      dead letters into their table, which is the outbox
    rollups           counts that the dashboard reads instead of the events
    daily_partitions  the partitions of ``events``: created ahead, dropped after the retention
    errors            what an error of Postgres means for the batch
    insert_probe      whether Postgres accepts a good row now
    lock_blockers     terminates backends of stopped processors that hold our locks
    connection        a connection for each thread, renewed when broken
"""
