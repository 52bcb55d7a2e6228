"""The state directory: what the local platform keeps on disk.

directory         its layout, and the account that the servers run as
marker            the file by which a directory is recognised as the platform's own
password_file     the generated passwords of the local servers
lock              at most one supervisor per state directory
"""
