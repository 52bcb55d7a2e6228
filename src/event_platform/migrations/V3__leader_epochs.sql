-- A leader epoch beside each offset. After Kafka has cut its log an offset names another record than before, and the
-- epoch tells the two apart. -1 stands for an epoch that is not known, as of everything from before this migration.

ALTER TABLE consumer_progress ADD COLUMN leader_epoch integer NOT NULL DEFAULT -1 CHECK (leader_epoch >= -1);

-- The client's number for "no answer" was once taken for an offset. Such a partition is read again from its start,
-- which changes no row; the gaps recorded behind it never were.
DELETE FROM consumer_progress WHERE next_offset < 0;
ALTER TABLE consumer_progress ADD CHECK (next_offset >= 0);
DELETE FROM progress_gaps WHERE from_offset < 0 OR to_offset < 0;
ALTER TABLE progress_gaps ADD CHECK (from_offset >= 0 AND to_offset > from_offset);

-- The same start may be lost again, up to another end: after a rewind, say.
ALTER TABLE progress_gaps DROP CONSTRAINT progress_gaps_pkey;
ALTER TABLE progress_gaps ADD PRIMARY KEY (topic_id, partition, from_offset, to_offset);

ALTER TABLE dlq_events ADD COLUMN source_leader_epoch integer NOT NULL DEFAULT -1 CHECK (source_leader_epoch >= -1);
ALTER TABLE dlq_events DROP CONSTRAINT dlq_events_source_topic_id_source_partition_source_offset_key;
ALTER TABLE dlq_events ADD UNIQUE (source_topic_id, source_partition, source_offset, source_leader_epoch);
