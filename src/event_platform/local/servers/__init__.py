"""Postgres, Redis and Kafka, run from downloaded or packaged binaries; or external servers that the user configured.

external_servers      servers named by settings: checks that they answer
local_servers         the three local servers together: ports, passwords, programs
ports                 free ports, reserved machine-wide
postgres              a Postgres cluster of our own
redis                 a Redis or Valkey of our own
kafka                 a single-node Kafka of our own
kafka_jars            downloads and verifies Kafka's jars
kafka_class_archive   class data sharing archive: Kafka starts in two thirds of the time
java                  finds a Java runtime
wheel_binaries        binaries shipped in Python wheels
required_packages     checks that the extra `[local]` is installed
"""
