"""The process of the admin API: how it starts, and how it ends."""
