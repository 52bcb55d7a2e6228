"""What an event must be to be stored: pure functions, without Kafka and Postgres.

A record's value meets these modules in this order:

    fast_path     an ordinary, valid event → its row, in one step; anything else takes the next three
    decode        bytes → the wrapper's fields and the event's members
    validate      every rule, and every violation
    enrich        a valid event → its row

    outcome       what a record becomes: a row to store, or a dead letter with a code and a reason
    unstorable    well-formed JSON that Postgres would refuse
    timestamps    RFC 3339 ↔ Postgres' microseconds
"""
