"""What to send and when: a stream of requests that depends on the scenario, the tenants and the seed alone.

request_kinds    the kinds of requests: new, duplicate, or malformed in one way
scenario         what a scenario holds: phases with rates and mixes
scenario_files   loads scenarios by name or from a file
overrides        a scenario with the command line's rates and duration
schedule         rates turned into intended start times
events           an event, and the request that carries one or several
bodies           bodies of events, generated from the seed
plan             the requests of a run, in the order of their starts
batching         single requests joined into batches
scenarios/       the scenarios that ship with the package, as JSON
"""
