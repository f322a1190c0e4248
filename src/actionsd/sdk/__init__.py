"""The plugin contract: all that a destination imports. DESIGN.md has a whole plugin on one page, and
``actionsctl plugin new`` writes one. :data:`CONTRACT` tells how its versions are kept.

Only the standard library, msgspec and pluggy are imported from here.
"""

from msgspec import UNSET, UnsetType

from actionsd.sdk.call import Auth, BaseCall, BatchCall, Call, ChoicesCall, DeleteCall, Tokens
from actionsd.sdk.definition import Action, Definition, Preset
from actionsd.sdk.errors import (
    APIError,
    ContractError,
    DestinationError,
    HTTPError,
    IntegrationError,
    InvalidAudienceMembershipError,
    InvalidAuthenticationError,
    NetworkError,
    PayloadValidationError,
    RequestError,
    RetryableError,
    SelfTimeoutError,
)
from actionsd.sdk.fields import (
    Choice,
    DateTime,
    Field,
    Json,
    Number,
    Secret,
    Text,
    all_of,
    any_of,
    each,
    field,
    if_exists,
    path,
    template,
    when,
)
from actionsd.sdk.hooks import CONTRACT, OLDEST_CONTRACT, ContractDeprecationWarning, hookimpl
from actionsd.sdk.http import Http, Request, RequestOptions, Response, Transport
from actionsd.sdk.members import members, picker
from actionsd.sdk.oauth import OAuth
from actionsd.sdk.payload import NoSettings, Payload, Settings, plain
from actionsd.sdk.results import Choices, ItemResult, MultiStatus, Result
from actionsd.sdk.schema import json_schema, payload_type
from actionsd.sdk.validate import validate

__all__ = [
    "CONTRACT",
    "OLDEST_CONTRACT",
    "UNSET",
    "APIError",
    "Action",
    "Auth",
    "BaseCall",
    "BatchCall",
    "Call",
    "Choice",
    "Choices",
    "ChoicesCall",
    "ContractDeprecationWarning",
    "ContractError",
    "DateTime",
    "Definition",
    "DeleteCall",
    "DestinationError",
    "Field",
    "HTTPError",
    "Http",
    "IntegrationError",
    "InvalidAudienceMembershipError",
    "InvalidAuthenticationError",
    "ItemResult",
    "Json",
    "MultiStatus",
    "NetworkError",
    "NoSettings",
    "Number",
    "OAuth",
    "Payload",
    "PayloadValidationError",
    "Preset",
    "Request",
    "RequestError",
    "RequestOptions",
    "Response",
    "Result",
    "RetryableError",
    "Secret",
    "SelfTimeoutError",
    "Settings",
    "Text",
    "Tokens",
    "Transport",
    "UnsetType",
    "all_of",
    "any_of",
    "each",
    "field",
    "hookimpl",
    "if_exists",
    "json_schema",
    "members",
    "path",
    "payload_type",
    "picker",
    "plain",
    "template",
    "validate",
    "when",
]
