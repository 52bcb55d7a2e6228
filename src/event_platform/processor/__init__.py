"""Kafka → Postgres, or dead letters: consume, decode, validate, enrich, store, publish, commit.

app                the process: workers, one HTTP port for all, signals
worker_pool        several workers as processes of one consumer group
worker             one worker: builds the pipeline and its loop, and replaces a lost or fenced consumer
loop               when to poll and process, and how to keep polling meanwhile
consumer/          Kafka → records; positions, rebalances, commits
pipeline           the flow of one batch: decode → validate → enrich (`core.rules`) → store → publish → commit
polled_records     records and offset ranges, as the consumer hands them to the pipeline
batch_in_flight    the batch that Postgres is working on, while the next one is decoded
storage/           one batch → Postgres, in one transaction
outbox             publishes dead letters from their table
background_tasks   starts the threads beside the main loop: outbox, retention, monitors
background_thread  a thread that runs one piece of work after another
writer_session     the writer thread with its connection and its retrier
database_clock     Postgres' time
retention          makes daily partitions ahead, and removes old data
rewind             `event-platform rewind`: moves a partition's offset
reporter           turns batches and the consumer's state into health and metrics
outages/           retries with backoff, and calls that are stuck
monitoring/        health, metrics, HTTP
"""
