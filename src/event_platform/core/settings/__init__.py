"""Settings: declared, read from the environment, ``.env`` and secret files, and checked.

model                every setting with its type, default and description
loading              reads and checks what one service needs
settings_by_command  which service reads which setting
names                the names under which settings are given, and checks for unknown names
misspelt_names       which setting an unknown name was probably meant to be
env_file             the lines of ``.env``
secret_files         files that hold one secret each
value_types          the types of settings: each parses and checks one text
credentials          API keys and admin tokens in effect, and checks that they cannot be guessed
api_key_file         the file of API keys
contradictions       settings that are valid alone but not together
validation_messages  validation errors as sentences
"""
