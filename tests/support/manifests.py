"""Whether Kubernetes and the Prometheus Operator know what a resource says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.support.deploy_tools import run, tool
from tests.support.servers import program

Resource = dict[str, Any]
OPERATOR = "monitoring.coreos.com/v1"


def assert_valid(resources: Sequence[Resource], folder: Path) -> None:
    """Fail on a resource that Kubernetes or the Prometheus Operator would refuse, or a key that they would ignore."""
    operators = [resource for resource in resources if resource["apiVersion"] == OPERATOR]
    assert_kubernetes_knows([resource for resource in resources if resource not in operators], folder)
    if operators:
        assert_the_operator_knows(operators, folder)


def assert_kubernetes_knows(resources: Sequence[Resource], folder: Path) -> None:
    (folder / "resources.yaml").write_text(yaml.safe_dump_all(resources), "utf-8")
    done = run(tool("python/bin/kubernetes-validate"), "--strict", folder / "resources.yaml")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "WARN" not in said, said
    # An unknown kind is no more than a warning to it.
    assert said.count("passed for resource") == len(resources), said


def assert_the_operator_knows(resources: Sequence[Resource], folder: Path) -> None:
    """Validate by the schemas of its resources, which let unknown keys pass, and by their types, which do not."""
    schemas = tool("crds/node_modules").parent
    node = program("node", "nodejs")
    validated = subprocess.run(
        [node, str(schemas / "validate.mjs")],
        input=json.dumps(resources),
        capture_output=True,
        text=True,
        check=False,
    )
    assert validated.returncode == 0, validated.stderr
    assert validated.stdout.count("valid: ") == len(resources)
    typed = folder / "resources.mts"
    module = (
        f"{schemas}/node_modules/@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/index.js"
    )
    typed.write_text(
        "".join(
            f"import type {{ I{resource['kind']} as Type{number} }} from {json.dumps(module)};\n"
            f"export const resource{number}: Type{number} = {json.dumps(resource)};\n"
            for number, resource in enumerate(resources)
        ),
        "utf-8",
    )
    compiler = schemas / "node_modules/typescript/bin/tsc"
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"]
    done = run(node, compiler, *options, typed)
    assert done.returncode == 0, done.stdout
