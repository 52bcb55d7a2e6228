"""Settings: declared, read from the environment, ``.env`` and secret files, and checked.

declaration       every setting with type, default and meaning
loading           reads and checks what one service needs
readers           which service reads which setting
values            the types of settings: each parses and checks one text
api_keys          the file of API keys, and checks of their strength
files             ``.env`` and files that hold one secret each
misspelt_names    names that look like a setting but are none
contradictions    settings that are valid alone but not together
explanations      validation errors as sentences
"""
