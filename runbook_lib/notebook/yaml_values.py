"""YAML as people write it: what the parser would silently bend or lose is refused. The only door to PyYAML."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from runbook_lib.errors import ParameterError


class _Loader(yaml.SafeLoader):
    """A safe loader to which a key that stands twice is an error, not the end of the first one."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue  # what `<<` brings may stand again below it
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.constructor.ConstructorError(None, None, "a list or a mapping is no name", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{key} stands there twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def parse_yaml(text: str, where: str) -> object:
    """The one value in `text`. Raises ParameterError with the line and what is wrong there. Pure.

    `where` names the text in the message: a file, or the option that held it.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or "not YAML").removeprefix("but ")
        line = f", line {mark.line + 1}" if mark else ""
        raise ParameterError(f"{where}{line}: {problem}.", "Correct it there; YAML goes by its indentation.") from error
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise ParameterError(f"{where}: {what}.", "Write the file as plain text.") from error
    except ValueError as error:  # a number of thousands of digits
        raise ParameterError(f"{where}: a value can't be read: {error}.", "Correct it there.") from error
    except RecursionError as error:
        raise ParameterError(f"{where} is nested too deeply.", "See parameters/lab.yaml for its shape.") from error


def render_yaml(values: object) -> str:
    """`values` as YAML that reads back to the same, keys in their order. Pure."""
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)
    return text
