"""Both command lines. ``actionsd`` runs the daemon; ``actionsctl`` asks a running one, one file per noun."""
