"""``actionsctl plugin dev``: a daemon around a plugin that is being written.

project   the plugin's folder: what it registers, and which files it is made of
offer     what the plugin offers, found in a process of its own, so that each look sees the files as they are
config    the generated actionsd.toml
child     the daemon's process
show      events, requests and answers for a person
loop      start, watch, start again
"""
