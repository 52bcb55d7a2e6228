"""Kafka → records: the consumer of the raw topic, its membership, and where each partition is read.

static_membership   static membership: the worker's name in the group
config              configuration of the Kafka client
source              polls batches of records
messages            converts the client's messages to records
assignment          the assigned partitions, and the position of each
read_position       one partition's next offset, and what Kafka answers when it does not have it
commits             commits offsets to Kafka, for lag tools
topic_metadata      the raw topic as an administrative client sees it: id, partitions, watermarks
start_offsets       looks up in Postgres and Kafka where partitions start
positioning         positions assigned partitions, or stops them with a reason
offset_reconciler   compares an idle consumer's positions with Postgres
errors              errors that Kafka reports to the consumer: fatal, or lasting
duplicate_member    after fencing: whether another member really has our name
broker_loss         detects a consumer that finds no broker although others do
topic_monitor       background task: whether Kafka answers, and the topic is the same
partition_progress  background task: whether every partition of the topic is read
"""
