"""Real Postgres, Redis and Kafka on this machine without containers, and their supervisor.

- commands, doctor, status_text, logs, summary      what a user types and sees
- launch, lock, progress, control, orders           the command line and the supervisor, and how they talk
- supervisor, startup, fleet, keeper, ending        what is started in which order, and kept running
- duties                                            what is done again and again, and stops nothing where it fails
- records, identity, leftovers                      which processes are ours, and ending what was left of them
- postgres, redis, kafka, services, given           how each part is run; servers that the user named
- kafka_jars, java, packaged, extra                 where binaries come from
- kafka_classes                                     how Kafka starts quickly
- place, ports, secrets_file, servers               where data lies, which ports and passwords
- marker, purge                                     which folders are ours, and removing what is in them
"""
