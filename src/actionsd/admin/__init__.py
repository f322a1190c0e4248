"""The management API: handlers that read a request, call ``operate`` and write the answer. No rules live in here."""
