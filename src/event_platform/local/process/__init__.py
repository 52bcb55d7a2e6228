"""One operating system process: how it is started, identified and terminated.

program           what is needed to run a process, and starting it
log_file          opens a process' log, and reads its end
readiness         waits until a process is ready or has failed
termination       terminates a process, then kills it after a deadline
identity          recognises a process by id, start time and state directory
records           the file of running processes
orphans           terminates what a killed supervisor left running
"""
