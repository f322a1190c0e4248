"""The examples in the engine's documentation are true."""

import doctest
import importlib
import pkgutil

import pytest

import actionsd.mapping
from actionsd import mapping
from actionsd.sdk import js

MODULES = [
    "actionsd.sdk.js",
    "actionsd.mapping",
    *(module.name for module in pkgutil.walk_packages(actionsd.mapping.__path__, "actionsd.mapping.")),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_module(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_directive_is_documented_with_an_example() -> None:
    documented = actionsd.mapping.__doc__ or ""
    assert [name for name in mapping.validation.CHECKS if f"\n# {name}\n\n" not in documented] == []
    assert documented.count(">>> ") > 20


@pytest.mark.parametrize("function", mapping.FUNCTIONS, ids=lambda function: function.name)
def test_the_example_of_a_function(function: mapping.Function) -> None:
    payload = mapping.compile_mapping({"field": function.mapping})(function.event)
    assert js.stringify(payload) == js.stringify({"field": function.output})


def test_every_directive_has_a_function_that_people_know_it_by() -> None:
    assert {function.directive for function in mapping.FUNCTIONS} == {"value", *mapping.validation.CHECKS}
