"""`event-platform up`: real Postgres, Redis and Kafka without containers, and a supervisor that keeps them running.

cli/              the verbs a user types, and what they print
supervisor/       the background process that starts servers and services and restarts those that die
servers/          Kafka, Postgres and Redis: where their binaries come from, how they are configured and run
process/          one operating system process: started, identified, terminated
state_dir/        the state directory on disk: layout, ownership, passwords, lock
"""
