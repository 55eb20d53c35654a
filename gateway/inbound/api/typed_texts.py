"""The texts that people type into the API: names, lines, prose and lengths.

They stand in messages, logs and terminals later, where a control character would act.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.model.durations import DURATION

# https://www.unicode.org/charts/PDF/U0080.pdf: C1 controls, of which some terminals take U+009B for ESC [
NAME = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$"
LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
PROSE = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"  # a tab and a new line do no harm


def _name(text: str) -> str:
    if not re.search(NAME, text) or text.endswith("\n"):
        raise ValueError("a name is one line of characters that can be seen")
    return text


def _line(text: str) -> str:
    if not re.search(LINE, text) or text.endswith("\n"):
        raise ValueError("it is one line, without control characters")
    return text


def _prose(text: str) -> str:
    if not re.search(PROSE, text):
        raise ValueError("it has a control character, which would act where it is shown")
    return text


def _shape(pattern: str) -> dict[str, object]:
    return {"pattern": pattern}


By = Annotated[
    str,
    AfterValidator(_name),
    Field(
        min_length=1,
        max_length=200,
        description="who does it; a person's token says so by itself, and then this is passed over",
        json_schema_extra=_shape(NAME),
    ),
]
Line = Annotated[str, AfterValidator(_line), Field(max_length=200, json_schema_extra=_shape(LINE))]
Prose = Annotated[str, AfterValidator(_prose), Field(max_length=2000, json_schema_extra=_shape(PROSE))]
# Both are read, and refused, by `length_of`.
LENGTH = f"^{DURATION}$"
MAX_LENGTH = 39  # characters
Length = Annotated[str, Field(max_length=MAX_LENGTH, json_schema_extra=_shape(LENGTH))]
LengthOrNone = Annotated[str, Field(max_length=MAX_LENGTH, json_schema_extra=_shape(f"^({DURATION})?$"))]
