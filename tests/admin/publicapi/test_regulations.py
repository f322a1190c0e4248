"""Regulations and suppressions over the Public API and from the shell (FEATURES F221-F224)."""

from typing import Any

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.publicapi import TOKEN, PublicApi
from support.waiting import until


def regulate(api: PublicApi, type: str, *users: str, path: str = "/regulations") -> str:
    body = {"regulationType": type, "subjectType": "USER_ID", "subjectIds": list(users)}
    return str(api("POST", path, body).data["regulateId"])


def shell(api: PublicApi, *arguments: str) -> Result:
    return CliRunner().invoke(ctl, ["--url", api.url, *arguments], env={"ACTIONSD_TOKEN": TOKEN})


def refused(api: PublicApi) -> int:
    """Events that were refused because of suppression, as committed."""
    metrics = api.raw("GET", "/metrics")
    lines = [line for line in metrics.splitlines() if 'reason="user_suppressed"' in line]
    return sum(int(float(line.rpartition(" ")[2])) for line in lines)


def send(api: PublicApi, user: str) -> None:
    assert api.daemon.post("/v1/track", {"userId": user, "event": "E"}) == 200


def test_a_suppressed_user_is_refused_until_unsuppressed(api: PublicApi) -> None:
    before = refused(api)
    id = regulate(api, "SUPPRESS_ONLY", "ada", "bob")
    regulation = api("GET", f"/regulations/{id}").data["regulation"]
    assert (regulation["overallStatus"], regulation["streamStatus"]) == ("FINISHED", [])
    assert api("GET", "/suppressions").data["suppressed"] == [{"subjectType": "USER_ID", "subjectIds": ["ada", "bob"]}]
    send(api, "ada")
    send(api, "carol")
    assert refused(api) == before + 1
    regulate(api, "UNSUPPRESS", "ada", "bob")
    send(api, "ada")
    assert refused(api) == before + 1
    assert api("GET", "/suppressions").data["suppressed"] == []


def test_a_deletion_reports_each_destination(api: PublicApi) -> None:
    source = api.source("forgetful")
    webhook = api.destination(source["id"], "webhook", name="Hook")
    id = regulate(api, "DELETE_ONLY", "ada", path=f"/regulations/sources/{source['id']}")

    def finished() -> Any:
        regulation = api("GET", f"/regulations/{id}").data["regulation"]
        return regulation["finishedAt"] and regulation

    until(finished, what="the regulation")
    regulation = finished()
    assert regulation["overallStatus"] == "NOT_SUPPORTED"
    (stream,) = regulation["streamStatus"]
    (report,) = stream["destinationStatus"]
    assert (stream["id"], report["id"], report["errString"]) == (source["id"], webhook["id"], "no onDelete defined")
    assert "forgetful" in shell(api, "regulations", "show", id).output.splitlines()[-1]
    listed = api("GET", f"/regulations/sources/{source['id']}?regulationTypes%5B0%5D=DELETE_ONLY").data["regulations"]
    assert [(each["id"], each["status"], each["subjects"]) for each in listed] == [(id, "NOT_SUPPORTED", ["ada"])]
    assert api("GET", "/regulations?status=FAILED").data["regulations"] == []
    assert api("DELETE", f"/regulations/{id}").problem["status"] == 422, "it has begun"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"regulationType": "DELETE_INTERNAL"}, "regulationType"),
        ({"regulationType": "FORGET"}, "regulationType"),
        ({"subjectType": "OBJECT_ID"}, "subjectType"),
        ({"subjectIds": []}, "subjectIds"),
        ({"subjectIds": [""]}, "subjectIds"),
        ({"subjectIds": ["u"] * 5001}, "subjectIds"),
        ({"subjectIds": ["x" * 1001]}, "subjectIds"),
    ],
)
def test_a_wrong_regulation_is_refused(api: PublicApi, change: dict[str, Any], field: str) -> None:
    body = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["u"], **change}
    problem = api("POST", "/regulations", body).problem
    assert (problem["status"], problem["field"]) == (422, field)


def test_regulations_need_the_role_admin(api: PublicApi) -> None:
    writer = api.token("regulator", "write")
    assert api("POST", "/regulations", {}, token=writer).status == 403
    assert api("GET", "/regulations", token=writer).status == 200
    assert api("POST", "/regulations/cloudsources/1", {}).problem["message"] == "actionsd has no cloud sources"


def test_from_the_shell(api: PublicApi) -> None:
    assert shell(api, "suppressions", "add", "u1", "u2").output == "2 suppressed\n"
    assert shell(api, "suppressions", "list", "-n", "1").output.startswith("u1\n... and more: --page ")
    assert shell(api, "suppressions", "rm", "u1").exit_code == 0
    assert shell(api, "suppressions", "list").output == "u2\n"
    id = shell(api, "regulations", "create", "SUPPRESS_WITH_DELETE", "u3").output.strip()
    until(lambda: "RUNNING" not in (shown := shell(api, "regulations", "show", id).output) and "INIT" not in shown)
    shown = shell(api, "regulations", "show", id)
    assert "no onDelete defined" in shown.output
    assert "SUPPRESS_WITH_DELETE" in shell(api, "regulations", "list").output
    assert shell(api, "regulations", "show", "999").exit_code == 1
    source = api.source("slugged")
    create = ("regulations", "create", "DELETE_ONLY", "u4", "--source")
    by_slug, by_id = (shell(api, *create, named).output.strip() for named in (source["slug"], source["id"]))
    listed = api("GET", f"/regulations/sources/{source['id']}").data["regulations"]
    assert [each["id"] for each in listed] == [by_id, by_slug]
    refused = shell(api, *create, "sluged")
    assert (refused.exit_code, refused.output) == (1, 'Error: no source "sluged"; did you mean "slugged"?\n')
    assert '"subjectIds"' in shell(api, "suppressions", "list", "--json").output
    shell(api, "suppressions", "rm", "u2", "u3")
