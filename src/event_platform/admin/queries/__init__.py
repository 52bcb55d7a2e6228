"""Reads from Postgres: rollups, keyset pages and index look-ups, never a scan that grows with ``events``.

database             pooled read-only connections with deadlines
overview             counts of the last minutes and of today
top_event_types      the most frequent event types
series               outcomes over time
dead_letter_counts   how many dead letters are kept
search               events and dead letters by one of their ids
events               rows of ``events``
dead_letters         rows of ``dlq_events``, page by page
page_cursor          where a page of dead letters ends
bounded_page         pages bounded in rows and bytes
raw_json             stored JSON in responses, unchanged
lookup               what became of many requests or keys at once
"""
