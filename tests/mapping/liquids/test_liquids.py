"""Liquid templates as Segment's dialect has them; the vectors hold many more."""

from typing import Any

import pytest

from actionsd.mapping import liquids
from actionsd.mapping.liquids import LiquidFailure
from actionsd.mapping.liquids.filters import DISABLED_FILTERS
from actionsd.mapping.liquids.limits import MAX_WORK

PAYLOAD: dict[str, Any] = {
    "timestamp": "2024-02-29T23:05:06.789Z",
    "name": "Zoë Ann",
    "tags": ["b", "a", None, ["c"]],
    "zero": 0,
    "five": 5.0,
    "nothing": None,
    "object": {"k": "v", "n": 1},
    "items": [{"id": "p1", "price": 9.9, "cat": "x"}, {"id": "p2", "price": "20"}],
    "emoji": "h😀i",
    "text": "a,b,,c,,",
}


def check(template: str, printed: str) -> None:
    assert liquids.render(template, PAYLOAD) == printed


def failure(template: str, payload: Any = PAYLOAD) -> str:
    with pytest.raises(LiquidFailure) as caught:
        liquids.render(template, payload)
    return str(caught.value)


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("{{ name }}|{{ missing.deeper }}|{{ nothing }}", "Zoë Ann||"),
        ("{{ tags }}|{{ object }}", "bac|[object Object]"),
        ("{{ five }}|{{ 1.50 }}|{{ 5. }}|{{ 1_0 }}", "5|1.5|5|"),
        ("{{ tags.size }}{{ emoji.size }}{{ object.size }}", "442"),
        ("{{ tags.first }}{{ tags[-1] }}{{ name[0] }}", "bcZ"),
        ("{{ ['name'] }}{{ object['k'] }}", "Zoë Annv"),
        ("{{ (1..3) }}{{ (3..1) }}", "123"),
        ("{{ 'a\\nb\\u0041' }}", "a\nbA"),
        ("{{ true and false or true }}", "true"),
        ("{{ 1 == 1 == true }}|{{ zero == nil }}|{{ nothing == nil }}", "false|false|true"),
        ("{{ tags contains 'a' }}{{ name contains 'Ann' }}{{ object contains 'k' }}", "truetruefalse"),
        ("{{ '10' < '9' }}{{ '10' < 9 }}{{ nothing < 1 }}{{ missing < 1 }}", "truefalsetruefalse"),
        ("{{ name == empty }}{{ '' == empty }}{{ '  ' == blank }}{{ zero == blank }}", "falsetruetruefalse"),
        (" a {{- name -}} b ", " aZoë Annb "),
        ("{{ size }}{{ name.nope }}", "0"),
        ("a}}b", "a}}b"),
        ("", ""),
    ],
)
def test_values(template: str, printed: str) -> None:
    check(template, printed)


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("{% if zero %}T{% else %}F{% endif %}", "T"),
        ("{% if nothing %}a{% elsif name %}b{% endif %}", "b"),
        ("{% unless missing %}U{% else %}E{% endunless %}", "U"),
        ("{% unless name %}a{% elsif name %}b{% endunless %}", "b"),
        ("{% assign x = name | upcase %}{{ x }}", "ZOË ANN"),
        ("{% capture 'c d' %}x{% endcapture %}{{ ['c d'] }}", "x"),
        ("{% increment n %}{% increment n %}{% decrement n %}{{ n }}", "0111"),
        ("{% increment zero %}{{ zero }}", "01"),
        ("{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}", "aba"),
        ("{% echo name %}{% echo %}", "Zoë Ann"),
        ("{% raw %}{{ x }}{% for %}{% endraw %}", "{{ x }}{% for %}"),
        ("a{% comment %}{% for %}{% endcomment %}b", "ab"),
        ("{% # a note %}x", "x"),
        ("{% liquid\n assign a = 1\n if a\n echo a | plus: 2\n endif\n%}", "3"),
        ("{% block b %}{{ name }}{% endblock %}", "Zoë Ann"),
        ("a{% break %}b", "a"),
        ("{% capture c %}a{% break %}b{% endcapture %}x", ""),
    ],
)
def test_tags(template: str, printed: str) -> None:
    check(template, printed)


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("{{ 5 | divided_by: 2 }}|{{ 1 | divided_by: 0 }}|{{ 0 | divided_by: 0 }}", "2.5|Infinity|NaN"),
        ("{{ -2.5 | round }}|{{ 1.005 | round: 2 }}|{{ 1234 | round: -2 }}", "-3|1.01|1200"),
        ("{{ -7 | modulo: 3 }}|{{ 7 | modulo: 0 }}|{{ '12' | plus: '3' }}|{{ 1 | plus }}", "2|NaN|15|NaN"),
        ("{{ text | split: ',' | size }}|{{ emoji | split: '' | size }}", "4|4"),
        ("{{ tags | join: '-' }}", "b-a--c"),
        ("{{ items | where: 'cat', 'x' | first | json }}", '{"id":"p1","price":9.9,"cat":"x"}'),
        ("{{ items | sum: 'price' }}|{{ tags | compact | size }}", "29.9|3"),
        ("{{ name | slice: -3, 2 }}", "An"),
        ("{{ 'abcdef' | truncate: 4 }}|{{ 'a b c' | truncatewords: 2 }}", "a...|a b..."),
        (
            "{{ nothing | default: 'd' }}{{ false | default: 'd', allow_false: true }}{{ zero | default: 'd' }}",
            "dfalse0",
        ),
        ("{{ object | json: 1 }}", '{\n "k": "v",\n "n": 1\n}'),
        ("{{ name | nope: 1 | Upcase }}", "Zoë Ann"),
        ("{{ '<a>&amp;' | escape_once }}|{{ '<b>x</b><i' | strip_html }}", "&lt;a&gt;&amp;|x<i"),
        ("{{ 'a b/é' | url_encode }}|{{ 'a%20b+c' | url_decode }}", "a+b%2F%C3%A9|a b c"),
        ("{{ 'Été à La!' | slugify }}|{{ 'É à' | slugify: 'latin' }}", "été-à-la|é-a"),
        ("{{ 'é' | base64_encode | base64_decode }}|{{ '' | sha256 | slice: 0, 4 }}", "é|e3b0"),
        (
            "{{ emoji | replace: 'h', '$&' }}{{ 'aa' | replace_last: 'a', 'b' }}{{ 'ab' | remove_first: 'a' }}",
            "$&😀iabb",
        ),
        (
            "{{ timestamp | date: '%F %Y-%m-%d %-I:%M %p %j %s %L %z' }}",
            "%F 2024-02-29 11:05 PM 060 1709247906 789 +0000",
        ),
        (
            "{{ timestamp | date: '%H:%M %Z', 'America/New_York' }}|{{ timestamp | date: '%H:%M %z', -330 }}",
            "18:05 America/New_York|04:35 +0530",
        ),
        ("{{ 'now' | date: '%Y' }}|{{ 'x' | date: '%Y' }}|{{ '3/4/2021' | date_to_string }}", "2024|x|04 Mar 2021"),
        ("{{ 'Thu, 04 Mar 2021 05:06:07 GMT' | date_to_xmlschema }}", "2021-03-04T05:06:07+00:00"),
        ("{{ 'March 4, 2021 5:06 pm' | date_to_rfc822 }}", "Thu, 04 Mar 2021 17:06:00 +0000"),
        ("{{ 0 | date: '%U %W %C %y %a %B %^b %e %k %3N %q %%' }}", "00 00 19 70 Thu January JAN  1  0 000 st %"),
    ],
)
def test_filters(template: str, printed: str) -> None:
    check(template, printed)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ x", 'output "{{ x" not closed, line:1, col:1'),
        ("a\n{% if %}", 'invalid value expression: "", line:2, col:6'),
        ("{% nope %}", 'tag "nope" not found, line:1, col:1'),
        ("{% if a %}x", "tag {% if a %} not closed, line:1, col:1"),
        ("{% if a %}{% else %}{% else %}{% endif %}", "duplicated else, line:1, col:1"),
        ("{{ a | }}x{{ | b }}", "expression"),
        ("{{ a[1 }}", "[ not closed, line:1, col:7"),
        ("{{ a b:c }}", 'expected "|" before filter'),
        ("{% raw %}x", "not closed"),
        ("{% %}", "tag name expected"),
        ("{% assign x %}", 'expected "="'),
        ("{{ 'a%zz' | url_decode }}", "URI malformed, line:1, col:1"),
        ("{{ '!' | base64_decode }}", "invalid base64"),
        ("{{ 'a' | append }}", "append expect 2 arguments"),
        ("{{ 0 | date: '%Y', 'No/Where' }}", "Invalid time zone"),
    ],
)
def test_failures(template: str, message: str) -> None:
    assert message in failure(template)


@pytest.mark.parametrize("tag", liquids.DISABLED_TAGS)
def test_disabled_tags_fail_even_where_they_are_never_reached(tag: str) -> None:
    assert failure(f"{{% if false %}}{{% {tag} x %}}{{% endif %}}") == f'tag "{tag}" is disabled, line:1, col:15'


@pytest.mark.parametrize("name", DISABLED_FILTERS)
def test_disabled_filters_fail_only_when_they_are_run(name: str) -> None:
    assert failure(f"{{{{ tags | {name} }}}}") == f'filter "{name}" is disabled, line:1, col:1'
    check(f"{{% if false %}}{{{{ tags | {name} }}}}{{% endif %}}ok", "ok")


def test_the_length_of_a_template_counts_utf_16_units() -> None:
    check("😀" * 500, "😀" * 500)
    assert failure("😀" * 500 + "x") == "liquid template values are limited to 1000 characters"


@pytest.mark.parametrize(
    "template",
    [
        "{% assign x = 'abcdefgh' %}" + "{% assign x = x | append: x %}" * 30,
        "{% assign x = 'ab' | split: '' %}" + "{% assign x = x | push: x %}" * 30 + "{{ x }}",
        "{{ (1..100000000) | size }}",
        "{{ 'a' | date: '%Y' }}{{ 0 | date: '%99999999d' }}",
        "{{ large | replace: '', large }}",
        "{{ large | split: '' | join: large }}",
        "{{ large | slugify }}" * 10,
    ],
)
def test_work_is_bounded(template: str) -> None:
    assert "template render limit exceeded" in failure(template, {"large": "é " * (MAX_WORK // 10)})


@pytest.mark.parametrize("payload", [None, 5, "text", ["a"], True])
def test_payloads_that_are_no_objects(payload: Any) -> None:
    assert liquids.render("[{{ a }}{% increment b %}]", payload) == "[0]"


def test_a_payload_is_not_changed() -> None:
    payload = {"a": 1, "tags": ["x"]}
    liquids.render(
        "{% increment a %}{% assign tags = tags | push: 'y' %}{{ tags | pop | shift | unshift: 1 }}", payload
    )
    assert payload == {"a": 1, "tags": ["x"]}
