"""The process that starts everything, restarts what dies and answers the command line.

__main__             entry point: `python -m event_platform.local.supervisor`
supervisor           one run of the platform, from start to shutdown
startup              start order: servers, then migrations and topics, then services
services             ingest, processor and admin as programs
process_group        all supervised processes of the platform
supervised_process   one program, restarted with backoff when it dies
control_protocol     requests and responses over the Unix socket
control_handler      answers `status`, `start` and `stop`
periodic_tasks       repeated work; a failing task is retried and stops nothing else
log_rotation         bounds the size of the log files
progress             reports the startup to the terminal or to the launching command
summary              what `up` prints when everything is ready
"""
