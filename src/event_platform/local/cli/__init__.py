"""The local platform's side of the command line.

commands                 the verbs: up, down, stop, start, status, logs, doctor
launch                   starts the supervisor in the foreground or background, and stops it
doctor                   one check per prerequisite, with its remedy
status_text              `status` as a table and as JSON
log_viewer               the end of the log files, and following them
purge                    `down --purge`: removes data, passwords and logs
running_server_settings  lets `migrate`, `topics` and `rewind` use the servers of a running platform
"""
