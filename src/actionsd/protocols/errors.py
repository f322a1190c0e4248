"""The one error of Protocols."""


class ProtocolsError(ValueError):
    """A setting, a rule or a transformation that is malformed; the text names the place and what was expected there."""
