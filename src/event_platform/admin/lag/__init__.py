"""How far the processor is behind, measured from Kafka without joining its consumer group.

monitor                measures the lag repeatedly and on request
measurement            lag, age and trend computed from offsets
offset_reader          reads committed offsets, watermarks and timestamps
group_members          members of the consumer group and their partitions
admin_client_monitor   replaces the AdminClient when it has lost every broker
"""
