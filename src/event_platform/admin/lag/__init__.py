"""How far the processor is behind, measured from Kafka without joining its consumer group.

monitor                measures the lag periodically and on request
offset_reader          reads committed offsets, watermarks and timestamps
group_members          members of the consumer group and their partitions
measurement            lag and age, computed from offsets
trend                  the rate at which the lag changes
"""
