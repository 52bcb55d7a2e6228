"""Real Postgres, Redis and Kafka on this machine without containers, and their supervisor.

- commands, doctor, status_text, logs, summary      what a user types and sees
- launch, lock, progress, control, orders           the command line and the supervisor, and how they talk
- supervisor, startup, fleet, keeper, ending        what is started in which order, and kept running
- records, identity, leftovers                      which processes are ours, and ending what was left of them
- postgres, redis, kafka, services, given           how each part is run; servers that the user named
- kafka_jars, java, packaged, extra                 where binaries come from
- kafka_classes                                     how Kafka starts quickly
- place, ports, secrets_file, servers, purge        where data lies, which ports and passwords, and removing it
"""
