"""The contract as a partner meets it: the sketch of DESIGN.md runs, both type checkers take it, imports stay light."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from actionsd.sdk import ContractError, PayloadValidationError, json_schema, validate
from actionsd.sdk.payload import default_mapping
from support.acme import AcmeSettings, Item, TrackEvent, acme, actionsd_definitions

ROOT = Path(__file__).parents[2]
SAMPLES = [str(Path(__file__).parents[1] / "support" / name) for name in ("acme.py", "typed.py")]


def fresh(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_sdk_imports_only_the_standard_library_msgspec_and_pluggy() -> None:
    show = "; print(*{name.partition('.')[0] for name in sys.modules})"
    allowed = set(fresh("import sys, msgspec, pluggy" + show).split()) | set(sys.stdlib_module_names) | {"actionsd"}
    assert set(fresh("import sys, actionsd.sdk, actionsd.sdk.helpers" + show).split()) <= allowed
    assert "asyncio" not in fresh("import sys, actionsd.sdk" + show).split()


def test_c7_the_package_itself_imports_nothing() -> None:
    assert (
        fresh("import sys, actionsd; print([n for n in sys.modules if n.startswith('actionsd')])") == "['actionsd']\n"
    )


def test_the_sketch_of_design_md_is_the_sample() -> None:
    design = ROOT / "../shared/DESIGN.md"
    if not design.exists():
        pytest.skip("no ../shared here")
    printed = re.search(
        r"```python\n(from typing import Annotated.*?)```", design.read_text(encoding="utf-8"), re.DOTALL
    )
    assert printed is not None
    namespace: dict[str, object] = {"__name__": "sketch"}
    module = type(sys)("sketch")
    sys.modules["sketch"] = module
    try:
        exec(compile(printed[1], "DESIGN.md", "exec"), vars(module))
        namespace |= vars(module)
        assert json_schema(namespace["TrackEvent"]) == json_schema(TrackEvent)  # type: ignore[arg-type]
    finally:
        del sys.modules["sketch"]


def test_mypy_takes_the_samples() -> None:
    mypy = shutil.which("mypy", path=str(Path(sys.executable).parent))
    if mypy is None:
        pytest.skip("mypy is not installed")
    run = subprocess.run([mypy, "--strict", *SAMPLES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_pyright_takes_the_samples() -> None:
    pyright = shutil.which("pyright", path=str(Path(sys.executable).parent))
    if pyright is None:
        pytest.skip("pyright is not installed")
    command = [pyright, "--pythonpath", sys.executable, "--level", "error", *SAMPLES]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "error" not in run.stdout and run.returncode:
        pytest.skip(f"pyright cannot run here: {run.stderr[-200:]}")
    assert run.returncode == 0, run.stdout


def test_the_hook_offers_the_definition() -> None:
    assert actionsd_definitions() == [acme]
    assert acme.actions["trackEvent"].trigger == 'type = "track"'


def test_c1_a_required_field_may_follow_an_optional_one() -> None:
    assert validate(TrackEvent, {"event": "E", "items": [{"price": 5}]}).items == [Item(price=5)]


def test_c2_secrets_are_not_in_reprs() -> None:
    assert "s3cret" not in repr(AcmeSettings(api_key="s3cret"))
    assert "region='us'" in repr(AcmeSettings(api_key="s3cret"))


def test_c4_a_payload_field_has_no_default_but_none_and_unset() -> None:
    from support.contract_breakers import WithDefault

    with pytest.raises(ContractError, match=r"WithDefault\.plan: a payload field has no default but None or UNSET"):
        json_schema(WithDefault)


def test_a_field_without_metadata_is_refused_by_name() -> None:
    from support.contract_breakers import WithoutField

    with pytest.raises(ContractError, match=r"WithoutField\.plan: expected Annotated"):
        json_schema(WithoutField)


def test_defaults_prefill_a_mapping_and_are_not_applied() -> None:
    assert default_mapping(TrackEvent)["user_id"] == {"@path": "$.userId"}
    assert validate(TrackEvent, {"event": "E"}).user_id is None


def test_all_problems_come_at_once_and_name_label_value_and_expectation() -> None:
    with pytest.raises(PayloadValidationError) as caught:
        validate(TrackEvent, {"items": [{"price": "much"}], "time": "soon"})
    assert caught.value.problems == (
        "The root value is missing the required field 'event'.",
        "Time must be a valid date-like string but it was not.",
        "Price must be a number but it was a string.",
    )
