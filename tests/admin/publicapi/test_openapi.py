"""The OpenAPI document, and 2,000 calls made up from it against a running daemon."""

import json
import random
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from actionsd.admin.publicapi.openapi import document
from actionsd.admin.publicapi.table import OPERATIONS
from support.publicapi import TOKEN, PublicApi

CASES = 2000
PLAIN = json.loads(json.dumps(document(OPERATIONS)))
NAMES = (
    # Not positive_data_acceptance: that a condition is FQL, a name free and an id known, no schema can say.
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance",
)  # fmt: skip


def test_the_document_is_served_to_readers(api: PublicApi) -> None:
    served = api("GET", "/openapi.json", token=api.token("of-the-document", "read"))
    assert served.json == PLAIN
    assert api("GET", "/openapi.json", token="wrong").status == 401
    assert {(method.upper(), path) for path in PLAIN["paths"] for method in PLAIN["paths"][path]} == {
        (each.method, each.path) for each in OPERATIONS
    }


def test_no_made_up_call_is_answered_otherwise_than_the_document_says(api: PublicApi, objects: dict[str, str]) -> None:
    load_all_checks()
    checks = [CHECKS.get_one(name) for name in NAMES]
    schema = schemathesis.openapi.from_dict(PLAIN)
    schema.config.generation.allow_extra_parameters = False  # what is not known is ignored, in queries as in bodies
    schema.config.generation.with_security_parameters = False
    work = [(each.ok(), mode) for each in schema.get_all_operations() for mode in modes(each.ok())]
    chance = random.Random(5)
    done = 0
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"

        def call(case: Any) -> None:
            nonlocal done
            done += 1
            if chance.random() < 0.7 and case.operation.method != "delete":
                case.path_parameters |= {key: objects[key] for key in case.path_parameters if key in objects}
            if case.operation.path == "/echo" and case.meta.generation.mode == GenerationMode.POSITIVE:
                case.query |= {"delay": 0, "triggerUnexpectedError": False, "statusCode": 200}  # a 500 if asked for one
            case.call_and_validate(base_url=api.url, session=session, checks=checks)

        for operation, mode in work:  # a few have but one case
            run = seed(5)(given(operation.as_strategy(generation_mode=mode))(call))
            settings(
                max_examples=CASES // len(work) + 2, deadline=None, database=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(run)()  # fmt: skip
    assert done >= CASES


def modes(operation: Any) -> list[GenerationMode]:
    """Calls that break the schema only where there is more than a path, in which any text is an id."""
    broken = operation.body or operation.query
    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if broken else [GenerationMode.POSITIVE]
