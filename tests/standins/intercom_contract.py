"""Intercom's own description of its API (2.14), as questions: is this request, this answer right?

The description leaves objects open, so that a misspelt name would pass: here they are closed for
requests. It lies beside the repository; where it does not, nothing is checked.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FILE = Path(__file__).resolve().parents[3] / "shared/contracts/intercom/api.intercom.io-2.14.yaml"


def present() -> bool:
    """Whether the description is there to check against."""
    return FILE.exists()


def request_problems(method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
    """What is wrong with a request, in words; nothing where there is no description."""
    if not present():
        return []
    operation = _operation(method, path)
    if operation is None:
        return [f"there is no {method} {path}"]
    named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    problems = [f"unknown in the query: {name}" for name in query.keys() - named]
    schema = _schema(operation.get("requestBody", {}))
    if schema is None:
        return problems + (["a body that nobody asked for"] if body is not None else [])
    return problems + _problems(schema, body, closed=True)


def answer_problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer of the stand-in."""
    operation = _operation(method, path) if present() else None
    answer = operation["responses"].get(str(status)) if operation else None
    schema = _schema(answer) if answer else None
    return _problems(schema, body, closed=False) if schema else []


def _problems(schema: Any, body: Any, *, closed: bool) -> list[str]:
    root = {"allOf": [_plain(schema, closed)], "components": _components(closed)}
    found = Draft202012Validator(root).iter_errors(body)
    return [f"{'/'.join(map(str, error.path))}: {error.message[:300]}" for error in found]


def _schema(part: dict[str, Any]) -> Any:
    return part.get("content", {}).get("application/json", {}).get("schema")


@cache
def _description() -> dict[str, Any]:
    import yaml  # only where there is something to read

    return dict(yaml.load(FILE.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


@cache
def _components(closed: bool) -> Any:
    return _plain({"schemas": _description()["components"]["schemas"]}, closed)


def _operation(method: str, path: str) -> Any:
    for template, operations in sorted(_description()["paths"].items()):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        # A fixed word such as /contacts/search goes before a name in braces.
        if re.fullmatch(pattern, path) and method.lower() in operations:
            return operations[method.lower()]
    return None


def _plain(schema: Any, closed: bool) -> Any:
    """OpenAPI 3.0 as JSON Schema: nullable becomes a type, objects become closed."""
    if isinstance(schema, list):
        return [_plain(one, closed) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _plain(value, closed) for key, value in schema.items() if key != "example"}
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    if closed and isinstance(schema.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made
