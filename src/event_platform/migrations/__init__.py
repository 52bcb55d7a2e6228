"""The schema of Postgres as numbered SQL files, and the runner that applies them."""
