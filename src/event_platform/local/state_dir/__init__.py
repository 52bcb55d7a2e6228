"""The state directory: what the local platform keeps on disk.

directory      its layout: paths of state, logs, data and binaries
os_account     the user that servers run as, and what it can reach
marker         the file by which a directory is recognised as the platform's own
password_file  the generated passwords of the local servers
lock           at most one supervisor per state directory
"""
