-- The sum of the types that are not counted by name has the name '', which no event's type can have; '(other)' can be
-- one. What was counted as '(other)' so far is the sum, but for events of that very name.

UPDATE event_counts SET event_type = '' WHERE event_type = '(other)';
UPDATE event_counts_hourly SET event_type = '' WHERE event_type = '(other)';
UPDATE event_counts_daily SET event_type = '' WHERE event_type = '(other)';
