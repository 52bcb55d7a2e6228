"""The status of everything the platform depends on.

prober   runs all probes at once and combines their results
probes   one check for each dependency
"""
