"""Writes a mapping as Python source: one function for the mapping, one for each payload that its parts switch to.

What the mapping says reaches the code only through the namespace: every key, text and number is a named constant, and
the source holds nothing but these names, so no mapping can inject code. A mapping such as

    {"email": {"@path": "$.traits.email"}, "plan": "free"}

becomes

    def mapping(event):
        if event.__class__ is not dict: event = only_object(event)
        traits = event.get(k_traits, EMPTY)
        if traits.__class__ is not dict: traits = Members(traits)
        ...
        if (v := traits.get(k_email, UNDEFINED)) is not UNDEFINED: fields[k_email] = v

Containers on the way to a value are read once, at the head of the function. Where something else than an object stands
there, `Members` reads it as JavaScript would. Branches of `@if` are statements, so that a part runs only when needed.

Values may have gaps: members and items that are undefined. Directives can tell some of them from missing ones, so that
each part of a mapping is written for the `Gaps` that may stay in its value.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from actionsd.mapping import paths, templates
from actionsd.mapping.errors import MappingError
from actionsd.mapping.program import NOTHING, Code, Gaps, Names, Program, identifier
from actionsd.mapping.validation import checked, directive_name, is_directive
from actionsd.sdk import js

MAX_NESTING = 16
"""Levels of a mapping that one function holds; deeper parts become functions, within the limits of Python's parser."""

MAX_PIECES = 50
"""Pieces of a template, and keys of a path, that are written out; Python takes minutes to compile 100,000."""


def write(mapping: Any, *, any_payload: bool = False) -> Program:
    """The program of a checked mapping: the function `mapping`, and every function that it needs.

    It takes objects only, unless it is to take `any_payload`.
    """
    program = Program()
    program.functions.append(_Function(program, "mapping", "event").mapping(mapping, any_payload))
    while program.waiting:
        part = program.waiting.popleft()
        program.functions.append(_Function(program, part.name, part.payload).part(part.node, part.path, part.gaps))
    return program


class _Function:
    """One function while it is written. The methods named after directives return the expression of its value."""

    def __init__(self, program: Program, name: str, payload: str) -> None:
        self._program = program
        self._name = name
        self._payload = payload
        self._head: list[str] = []
        self._body: list[str] = []
        self._indent = 1
        self._nesting = 0
        self._names = Names("", payload, "v", "item")
        self._containers: dict[paths.Keys, str] = {}

    def mapping(self, node: Any, any_payload: bool) -> str:
        """The source of the function for a whole mapping."""
        lines = [f"def {self._name}({self._payload}):"]
        if not any_payload:
            self._containers[()] = self._payload
            lines.append(
                f"    if {self._payload}.__class__ is not dict: {self._payload} = only_object({self._payload})"
            )
        self._indent = 2
        self._put(f"return {self._value(node, '', Gaps.NONE).text}")
        lines += ["    try:", *(f"    {line}" for line in self._head), *self._body]
        return "\n".join([*lines, "    except RecursionError:", "        too_deep()"])

    def part(self, node: Any, path: str, gaps: Gaps) -> str:
        """The source of the function for a part of a mapping, which takes any payload."""
        self._put(f"return {self._value(node, path, gaps).text}")
        return "\n".join([f"def {self._name}({self._payload}):", *self._head, *self._body])

    # Lines and names

    def _put(self, line: str) -> None:
        self._body.append("    " * self._indent + line)

    @contextmanager
    def _block(self, line: str) -> Iterator[None]:
        self._put(line)
        self._indent += 1
        yield
        self._indent -= 1

    def _variable(self, hint: str) -> str:
        return self._names.new(identifier(hint).replace("_", "") or "value")

    def _key(self, key: str) -> str:
        return self._program.constant(key, "k")

    def _container(self, keys: paths.Keys) -> str:
        """The variable that holds what the keys lead to, read at the head of the function, with a `get` in any case."""
        if keys not in self._containers:
            if keys:
                name = self._variable(keys[-1])
                self._head.append(f"    {name} = {self._container(keys[:-1])}.get({self._key(keys[-1])}, EMPTY)")
                self._head.append(f"    if {name}.__class__ is not dict: {name} = Members({name})")
            else:
                name = self._variable("members")
                payload = self._payload
                self._head.append(f"    {name} = {payload} if {payload}.__class__ is dict else Members({payload})")
            self._containers[keys] = name
        return self._containers[keys]

    def _at(self, keys: paths.Keys) -> Code:
        if not keys:
            is_object = self._containers.get(()) == self._payload
            return Code(self._payload, defined=is_object, simple=True)
        if len(keys) > MAX_PIECES:
            return Code(f"walk({self._payload}, {self._program.constant(keys)})")
        return Code(f"{self._container(keys[:-1])}.get({self._key(keys[-1])}, UNDEFINED)")

    def _failure(self, path: str, message: str) -> Code:
        return Code(f"fail({self._program.constant(path)}, {self._program.constant(message)})", defined=True)

    # Values

    def _value(self, node: Any, path: str, gaps: Gaps) -> Code:
        """The expression of a part of the mapping, after the statements that it needs."""
        if not isinstance(node, dict | list):
            return Code(self._program.constant(node), defined=True, simple=True)
        if not node:
            return Code("{}" if isinstance(node, dict) else "[]", defined=True)
        if self._nesting == MAX_NESTING:
            return Code(f"{self._program.function('part', node, path, gaps)}({self._payload})")
        self._nesting += 1
        code = self._composite(node, path, gaps)
        self._nesting -= 1
        return code

    def _composite(self, node: Any, path: str, gaps: Gaps) -> Code:
        if is_directive(node):
            name = directive_name(node)
            if name not in DIRECTIVES:
                return self._failure(path or "/", f"{name} is not a valid directive, got undefined")
            return DIRECTIVES[name](self, node[name], f"{path}/{name}", gaps)
        if not _has_directive(node):
            constant = self._program.constant(node)
            flat = not any(isinstance(inner, dict | list) for inner in _inner(node))
            return Code(f"{constant}.copy()" if flat else f"copy({constant})", defined=True)
        return self._object(node, path, gaps) if isinstance(node, dict) else self._list(node, path, gaps)

    def _object(self, node: dict[str, Any], path: str, gaps: Gaps) -> Code:
        name = self._variable(path.rpartition("/")[2] or "fields")
        self._put(f"{name} = {{}}")
        for key, member in js.ordered(node).items():
            code = self._value(member, f"{path}/{key}", gaps)
            slot = f"{name}[{self._key(key)}]"
            if code.defined or gaps is Gaps.ALL:
                self._put(f"{slot} = {code.text}")
            elif code.simple:
                self._put(f"if {code.text} is not UNDEFINED: {slot} = {code.text}")
            else:
                self._put(f"if (v := {code.text}) is not UNDEFINED: {slot} = v")
        return Code(name, defined=True, simple=True)

    def _list(self, node: list[Any], path: str, gaps: Gaps) -> Code:
        items = [self._settled(item, f"{path}/{index}", gaps) for index, item in enumerate(node)]
        display = f"[{', '.join(item.text for item in items)}]"
        complete = gaps is not Gaps.NONE or all(item.defined for item in items)
        return Code(display if complete else f"fill_gaps({display})", defined=True)

    def _settled(self, node: Any, path: str, gaps: Gaps) -> Code:
        """The value in a variable, where statements that follow must not run before it."""
        code = self._value(node, path, gaps)
        if code.simple:
            return code
        name = self._variable("value")
        self._put(f"{name} = {code.text}")
        return code._replace(text=name, simple=True)

    def _assign(self, target: str, node: Any, path: str, gaps: Gaps) -> bool:
        """Puts the value into the variable `target`; returns whether it is always defined."""
        if is_directive(node) and "@if" in node and self._nesting < MAX_NESTING:
            self._nesting += 1
            code = self._if(node["@if"], f"{path}/@if", gaps, target)
            self._nesting -= 1
        else:
            code = self._value(node, path, gaps)
        if code.text != target:
            self._put(f"{target} = {code.text}")
        return code.defined

    # Directives, in the order of the documentation

    def _path(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if isinstance(operand, str):
            return self._at(paths.parse(operand))
        location = self._value(operand, path, Gaps.ALL)
        return Code(f"read({self._payload}, {location.text}, {self._program.constant(path)})")

    def _template(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, str):
            template = self._value(operand, path, Gaps.ALL)
            where = self._program.constant(path)
            return Code(f"render({self._payload}, {template.text}, {where})", defined=True)
        triples = templates.parse(operand, templates.TRIPLE)
        if all(isinstance(part, str) for part in triples):
            return self._joined(templates.parse(operand, templates.DOUBLE))
        return Code(f"render_doubles({self._joined(triples).text}, {self._payload})", defined=True)

    def _joined(self, parts: templates.Parts) -> Code:
        if not parts or (len(parts) == 1 and isinstance(parts[0], str)):
            return Code(self._program.constant("".join(map(str, parts))), defined=True, simple=True)
        if len(parts) > MAX_PIECES:
            return Code(f"fill({self._program.constant(parts)}, {self._payload})", defined=True)
        pieces = [self._piece(part) for part in parts]
        if len(pieces) == 1:
            return Code(pieces[0], defined=True)
        fields = "".join(f"{{{piece}}}" for piece in pieces)
        return Code(f'join_surrogates(f"{fields}")', defined=True)

    def _piece(self, part: str | paths.Keys) -> str:
        if isinstance(part, str):
            return self._program.constant(part)
        return f"text({self._at(part).text})" if part else f"whole({self._payload})"

    def _if(self, operand: Any, path: str, gaps: Gaps, target: str = "") -> Code:
        if not isinstance(operand, dict):
            return self._failure(path, '@if requires an object with an "exists" key')
        if not (js.truthy(operand.get("exists")) or js.truthy(operand.get("blank"))):
            return self._failure(path, '@if requires an "exists" key or a "blank" key')
        target = target or self._variable("value")
        test = "exists" if "exists" in operand else "blank"
        self._assign(target, operand[test], f"{path}/{test}", gaps)
        met = f"{target} is not UNDEFINED and {target} is not None" if test == "exists" else f"filled({target})"
        if "then" in operand and js.stringify(operand[test]) == js.stringify(operand["then"]):
            unmet = f"{target} is UNDEFINED or {target} is None" if test == "exists" else f"not filled({target})"
            with self._block(f"if {unmet}:"):
                otherwise = self._branch(target, operand, "else", path, gaps)
            return Code(target, defined=otherwise, simple=True)
        with self._block(f"if {met}:"):
            then = self._branch(target, operand, "then", path, gaps)
        with self._block("else:"):
            otherwise = self._branch(target, operand, "else", path, gaps)
        return Code(target, defined=then and otherwise, simple=True)

    def _branch(self, target: str, operand: dict[str, Any], name: str, path: str, gaps: Gaps) -> bool:
        if name not in operand or (name == "else" and not js.truthy(operand[name])):
            self._put(f"{target} = UNDEFINED")
            return False
        return self._assign(target, operand[name], f"{path}/{name}", gaps)

    def _case(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, dict):
            return self._failure(path, '@case requires an object with a "operator" key')
        if not js.truthy(operand.get("operator")):
            return self._failure(path, '@case requires a "operator" key')
        if not js.truthy(operand.get("value")):
            return NOTHING
        code = self._value(operand["value"], f"{path}/value", gaps)
        operator = self._program.constant(operand["operator"])
        return Code(f"change_case({code.text}, {operator}, {self._program.constant(path)})", code.defined)

    def _replace(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, dict):
            return self._failure(path, '@replace requires an object with a "pattern" key')
        if not js.truthy(operand.get("pattern")):
            return self._failure(path, '@replace requires a "pattern" key')
        if not js.truthy(operand.get("value")):
            return NOTHING
        code = self._value(operand["value"], f"{path}/value", Gaps.ALL)
        options = self._program.constant({key: option for key, option in operand.items() if key != "value"})
        return Code(f"replace({code.text}, {options}, {self._program.constant(path)})", defined=True)

    def _array_path(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, list):
            return self._failure(path, f"@arrayPath expected array, got {js.type_name(operand)}")
        if not operand:
            return NOTHING
        root, shape = operand[0], operand[1] if len(operand) > 1 else None
        shaped = isinstance(shape, dict) and bool(shape)
        root_gaps = Gaps.ALL if shaped else gaps
        code = self._at(paths.parse(root)) if isinstance(root, str) else self._value(root, f"{path}/0", root_gaps)
        if not shaped:
            return code
        target = self._variable("items")
        self._put(f"{target} = {code.text}")
        item = self._program.function("item", shape, f"{path}/1", gaps)
        self._put(f"if {target}.__class__ is list: {target} = [{item}(item) for item in {target}]")
        self._put(f"elif {target}.__class__ is dict: {target} = [{item}({target})]")
        if isinstance(root, str) and not is_directive(shape):
            return Code(target, code.defined, simple=True)
        return self._complete(target, gaps, defined=code.defined)

    def _merge(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, dict):
            return self._failure(path, '@merge requires an object with an "objects" key and a "direction" key')
        if not js.truthy(operand.get("direction")):
            return self._failure(path, '@merge requires a "direction" key')
        if not js.truthy(operand.get("objects")):
            return self._failure(path, '@merge requires a "objects" key')
        if not isinstance(operand["objects"], list):
            return self._failure(path, f"@merge: expected opts.array, got {js.type_name(operand['objects'])}")
        direction = self._settled(operand["direction"], f"{path}/direction", Gaps.ALL)
        objects = self._value(operand["objects"], f"{path}/objects", Gaps.ALL)
        return self._complete(f"merge({objects.text}, {direction.text})", gaps, defined=True)

    def _transform(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, dict):
            return self._failure(path, '@transform requires an object with an "apply" key and a "mapping" key')
        for name in ("mapping", "apply"):
            if not js.truthy(operand.get(name)):
                return self._failure(path, f'@transform requires a "{name}" key')
        if not isinstance(operand["apply"], dict):
            return self._failure(path, '@transform "apply" key should be an object')
        try:
            apply = checked(operand["apply"])  # only within arrays and literals it is not checked yet
        except MappingError as error:
            return Code(f"fail_with({self._program.constant(error.errors)})", defined=True)
        self._put(f"if {self._payload}.__class__ is not dict: only_object({self._payload})")
        applied = self._value(apply, f"{path}/apply", Gaps.ITEMS)
        function = self._program.function("payload", operand["mapping"], f"{path}/mapping", gaps)
        code = Code(f"{function}({applied.text})")
        return self._complete(code.text, gaps) if _may_have_gaps(apply) else code

    def _flatten(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, dict):
            return self._failure(path, '@flatten requires an object with a "separator" key')
        if not js.truthy(operand.get("separator")):
            return self._failure(path, '@flatten requires a "separator" key')
        separator = self._settled(operand["separator"], f"{path}/separator", Gaps.ALL)
        omit_arrays = js.truthy(operand.get("omitArrays"))
        value = self._value(operand["value"], f"{path}/value", Gaps.ALL) if "value" in operand else NOTHING
        where = self._program.constant(path)
        return self._complete(
            f"flatten_with({separator.text}, {omit_arrays}, {value.text}, {where})", gaps, defined=True
        )

    def _json(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, dict):
            return self._failure(path, '@json requires an object with a "value" key')
        for name in ("mode", "value"):
            if not js.truthy(operand.get(name)):
                return self._failure(path, f'@json requires a "{name}" key')
        code = self._value(operand["value"], f"{path}/value", Gaps.ALL if operand["mode"] == "encode" else gaps)
        if operand["mode"] in ("encode", "decode"):
            return Code(f"{operand['mode']}({code.text})", code.defined)
        self._put(code.text)
        return NOTHING

    def _literal(self, operand: Any, path: str, gaps: Gaps) -> Code:
        return self._value(operand, path, gaps)

    def _liquid(self, operand: Any, path: str, gaps: Gaps) -> Code:
        if not isinstance(operand, str):
            return self._failure(path, "liquid template value must be a string")
        template, where = self._program.constant(operand), self._program.constant(path)
        return Code(f"liquid({template}, {self._payload}, {where})", defined=True)

    def _exclude_when_null(self, operand: Any, path: str, gaps: Gaps) -> Code:
        exclude = "undefine_nulls" if gaps is Gaps.ALL else "exclude_nulls"
        return Code(f"{exclude}({self._value(operand, path, gaps).text})")

    def _complete(self, text: str, gaps: Gaps, *, defined: bool = False) -> Code:
        """A value that was made with all its gaps, without those that may not stay."""
        complete = {Gaps.NONE: f"fill_gaps({text})", Gaps.ITEMS: f"drop_gaps({text})", Gaps.ALL: text}
        return Code(complete[gaps], defined)


DIRECTIVES: dict[str, Callable[[_Function, Any, str, Gaps], Code]] = {
    "@path": _Function._path,
    "@template": _Function._template,
    "@if": _Function._if,
    "@case": _Function._case,
    "@replace": _Function._replace,
    "@arrayPath": _Function._array_path,
    "@merge": _Function._merge,
    "@transform": _Function._transform,
    "@flatten": _Function._flatten,
    "@json": _Function._json,
    "@literal": _Function._literal,
    "@liquid": _Function._liquid,
    "@excludeWhenNull": _Function._exclude_when_null,
}
"""How each directive is written, by its name."""


def _inner(node: Any) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _has_directive(node: Any) -> bool:
    return is_directive(node) or any(map(_has_directive, _inner(node)))


def _may_have_gaps(node: Any) -> bool:
    """Whether an array of the mapping may have undefined items."""
    if isinstance(node, list):
        return any(map(_has_directive, node))
    return isinstance(node, dict) and any(map(_may_have_gaps, node.values()))
