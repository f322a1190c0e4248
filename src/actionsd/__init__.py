"""actionsd self-hosts Destination Actions. This package imports nothing: commands load only what they use (C7)."""
