"""The schema of Postgres as numbered SQL files.

runner    applies pending migrations, each in one transaction
"""
