"""Compares every attempt of a run with what the admin API finds, and reports the differences.

verify                   waits for the pipeline, asks the platform, reconciles
drain                    waits until the processor has read what was published
admin_api                a client of the admin API
platform_state           what the platform holds of the events sent
reconcile                the comparison, as a pure function
allowed_effects          how many rows and dead letters the answers of an event allow
contradictions           where the platform's state contradicts the answers
reconciliation_report    the result: sums, differences, verdict
"""
