"""What an operator can ask of a running daemon: one module per noun, functions over the running parts.

The admin API and the console call these; rules live here and in the parts below, never in a handler or a page.
"""
