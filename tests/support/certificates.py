"""An authority of our own, a server's certificate and a client's, made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.servers import program

KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"


def certificates(folder: Path) -> Path:
    """`folder` with ca.pem, server.pem, server.key, client.pem and client.key; the server is 127.0.0.1."""
    folder.mkdir(parents=True, exist_ok=True)
    _run(folder, f"req -x509 {KEY} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem")
    for name, more in (("server", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")):
        _run(folder, f"req {KEY} -subj /CN={name} -keyout {name}.key -out {name}.csr")
        (folder / f"{name}.ext").write_text(more)
        signing = f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile {name}.ext -out {name}.pem"
        _run(folder, signing)
    return folder


def _run(folder: Path, command: str) -> None:
    subprocess.run(
        [program("openssl", "openssl"), *command.split()], cwd=folder, check=True, capture_output=True
    )
