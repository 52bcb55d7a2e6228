# The compiled part.
