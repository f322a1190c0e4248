"""From an operation to a handler of requests: read, check, do, answer."""

import logging
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from actionsd.admin.access import caller_of
from actionsd.admin.context import parts_key
from actionsd.admin.publicapi import errors, media, query
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.limits import Limits
from actionsd.admin.publicapi.operation import Call, Nothing, Row
from actionsd.errors import ActionsdError
from actionsd.ingest.split import max_depth
from actionsd.sdk.scan import is_deeper

log = logging.getLogger(__name__)

limits_key = web.AppKey("public api limits", Limits)


def handler(operation: Row) -> Handler:
    """The handler of an operation's requests."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await _answer(operation, request)
        except ActionsdError as error:
            return errors.answer(*errors.problems_of(error))

    return handle


async def _answer(operation: Row, request: web.Request) -> web.Response:
    who = caller_of(request)
    spent = request.app[limits_key].spend(who.name)
    if spent.over:
        refused = Refused(429, f"more than {spent.consumed} calls in a minute", data={**spent.data})
        answer = errors.answer(refused.problem)
        answer.headers["Retry-After"] = str(max(1, round(spent.reset_in)))
        return answer
    type = media.choose(request.headers.getall("Accept", ()), operation.versions)
    call: Call[Any, Any] = Call(
        request.app[parts_key], who, request.match_info, query.read(request.query.items(), operation.query),
        await _body(operation, request), request.headers,
    )  # fmt: skip
    done = await operation.do(call)
    body = b'{"data":' + msgspec.json.encode(done) + b"}"
    return web.Response(body=body, status=operation.status, content_type=type, headers=spent.headers)


async def _body(operation: Row, request: web.Request) -> Any:
    if operation.body is Nothing:
        return Nothing()
    body = await request.read()
    if is_deeper(body, max_depth):
        raise Refused(400, f"the body is nested more than {max_depth} levels deep")
    try:
        return msgspec.json.decode(body, type=operation.body)
    except msgspec.ValidationError as error:
        raise errors.bad_shape(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, f"the body is no JSON: {error}") from None
