"""The schema of Postgres as numbered SQL files.

runner            applies the files ``V<number>__<name>.sql`` that a database does not have yet
"""
