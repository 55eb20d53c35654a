"""Which sampler OTEL_TRACES_SAMPLER asks for; the SDK itself makes it.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
"""

from __future__ import annotations

from collections.abc import Mapping

NAME, RATIO = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
BY_RATIO = ("traceidratio", "parentbased_traceidratio")
SAMPLERS = ("always_on", "always_off", "parentbased_always_on", "parentbased_always_off", *BY_RATIO)


def fault_of_sampler(variables: Mapping[str, str]) -> str:
    """Return what is wrong with the sampler or its ratio, empty where nothing is: also where none is
    asked for.

    The SDK keeps every trace where it does not understand one of the two. No ratio at all is 1.
    """
    sampler, ratio = variables.get(NAME, ""), variables.get(RATIO, "")
    if sampler and sampler.lower() not in SAMPLERS:
        return f"{NAME}: `{sampler}` is not known here, and the default is used: set one of {', '.join(SAMPLERS)}"
    if sampler.lower() in BY_RATIO and ratio and not _is_ratio(ratio):
        return f"{RATIO}: `{ratio}` is no ratio, and the default sampler is used: set a number from 0 to 1"
    return ""


def _is_ratio(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
