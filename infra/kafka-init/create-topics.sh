#!/bin/bash
# Creates the platform's two topics. Existing topics are left unchanged, so it can be run again at any time.
#
# From the environment, with the values of the container image as defaults:
#   KAFKA_TOPICS_TOOL    kafka-topics.sh of a Kafka
#   BOOTSTRAP_SERVER     host:port of a broker
#   TOPIC_RAW, TOPIC_DLQ, REPLICATION_FACTOR
#   MAX_EVENT_BYTES, RETENTION_DAYS, DLQ_RETENTION_DAYS    as for the services
set -euo pipefail

tool=${KAFKA_TOPICS_TOOL:-/opt/kafka/bin/kafka-topics.sh}
bootstrap=${BOOTSTRAP_SERVER:-kafka:19092}
replicas=${REPLICATION_FACTOR:-1}
max_event_bytes=${MAX_EVENT_BYTES:-262144}
retention_days=${RETENTION_DAYS:-30}
dlq_retention_days=${DLQ_RETENTION_DAYS:-30}

day_ms=86400000
smaller() { echo $(($1 < $2 ? $1 : $2)); }
larger() { echo $(($1 > $2 ? $1 : $2)); }

# With three replicas two must be in sync; with fewer brokers, one has to suffice.
if ((replicas >= 3)); then in_sync=2; else in_sync=1; fi
# The event, its wrapper, and the record batch around them; never less than Kafka's own default.
raw_bytes=$(larger 1048588 $((max_event_bytes + 4096 + 1024)))
# A dead letter may contain its record in base64, and the reason.
dlq_bytes=$((2 * raw_bytes + 65536))
# Seven days, and always less than the retention of rows: older events could not be stored any more.
raw_retention_ms=$(smaller $((7 * day_ms)) $((retention_days * day_ms - day_ms / 2)))

create() { # name partitions retention_ms max_message_bytes
  "$tool" --bootstrap-server "$bootstrap" --create --if-not-exists \
    --topic "$1" --partitions "$2" --replication-factor "$replicas" \
    --config "retention.ms=$3" --config "segment.ms=$((day_ms / 4))" \
    --config "message.timestamp.type=LogAppendTime" --config "max.message.bytes=$4" --config "min.insync.replicas=$in_sync"
}

create "${TOPIC_RAW:-events.raw}" 6 "$raw_retention_ms" "$raw_bytes"
create "${TOPIC_DLQ:-events.dlq}" 3 $((dlq_retention_days * day_ms)) "$dlq_bytes"
echo "Topics are ready."
