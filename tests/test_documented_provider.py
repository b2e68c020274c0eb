"""The example provider of docs/adding-a-provider.md works and passes the suite."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from test_repository import ROOT, blocks, here  # noqa: F401  a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from program import Program


@dataclass
class Dialer:
    """The dialer of the document; `bad` is the one number it does not take."""

    bad: str
    leads: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    url: str = ""

    def answer(self, upload: dict[str, Any]) -> dict[str, Any]:
        results = []
        for lead in upload["leads"]:
            if lead["number"] == self.bad:
                results.append({"status": "bad", "why": "no area code"})
            elif lead["number"] in [known["number"] for known in self.leads]:
                results.append({"status": "known"})
            else:
                self.leads.append(lead)
                results.append({"status": "added"})
        return {"results": results}


@contextmanager
def serving(dialer: Dialer) -> Iterator[Dialer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            dialer.keys.add(self.headers["Authorization"])
            upload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = self.path == "/v1/lists/7/leads"
            answer = json.dumps(dialer.answer(upload) if found else {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        dialer.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield dialer
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Write the document's files, with what an installer would put beside them."""
    folder = tmp_path / "package"
    for block in blocks(ROOT / "docs" / "adding-a-provider.md"):
        if name := re.fullmatch(r"<!-- file: (\S+) -->", block.before):
            path = folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.content, encoding="utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project = project["project"]
    name, version = project["name"], project["version"]
    installed = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    lines: list[str] = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{point} = {points[point]}" for point in points)]
    (installed / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


PROBED = """
import httpx
from leadctl.model.errors import CampaignClosed
from leadctl_example_campaigns import Listing
from leadctl_example_probe import Probing

listing, lists = Listing(), {"lists": [{"id": 7, "title": "Spring"}], "next": 2}
assert str(listing.list_campaigns("2").url) == "https://dialer.example/v1/lists?page=2"
page = listing.read_campaigns("", httpx.Response(200, json=lists))
assert (page.campaigns[0].name, page.cursor) == ("Spring", "2")
list7 = {"id": "7", "name": "Spring"}
provider = Probing()
assert str(provider.preflight("7").url) == "https://dialer.example/v1/lists/7"
assert provider.read_preflight("7", httpx.Response(200, json=list7)).name == "Spring"
try:
    provider.read_preflight("7", httpx.Response(200, json=list7 | {"closed": True}))
except CampaignClosed as closed:
    print(closed)
"""


def test_documented_calls_beside_uploads_show_what_they_say(package: Path) -> None:
    done = subprocess.run(  # noqa: S603  the document's own code
        [sys.executable, "-c", PROBED],
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(package)},
        text=True,
    )
    assert (done.stdout, done.stderr) == ("list 7 of Example is closed\n", "")


@pytest.mark.usefixtures("here")
def test_documented_provider_takes_leads(program: Program, package: Path) -> None:
    program.environment |= {
        "PYTHONPATH": str(package),
        "LEADCTL_EXAMPLE_API_KEY": "example-key",
    }
    shown = program("providers", "show", "example", "--json")
    assert json.loads(shown.out)["limits"]["batch_size"] == 200
    checked = program("check", "leads.csv", "--provider", "example", "--json")
    assert checked.counts == {"created": 5, "duplicate": 1, "rejected": 1}
    with serving(Dialer(bad="+15550100004")) as dialer:
        target = ("--provider", "example", "--campaign", "7", "--json")
        address = {"LEADCTL_EXAMPLE_BASE_URL": dialer.url}
        pushed = program("push", "leads.csv", *target, env=address)
        again = program("push", "leads.csv", *target, "--resend-delivered", env=address)
    assert pushed.counts == {"created": 4, "duplicate": 1, "rejected": 2}
    assert again.counts == {"duplicate": 5, "rejected": 2}
    assert dialer.keys == {"Bearer example-key"}
    assert dialer.leads[0] == {
        "number": "+15550100001",
        "full_name": "Asha Example",
    }


def test_documented_provider_passes_its_recorded_case(package: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error"]
    played = subprocess.run(  # noqa: S603  pytest on the document's own files
        [*command, "--verbose", "test_example.py"],
        check=False,
        capture_output=True,
        text=True,
        cwd=package,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(package),
            "HOME": str(package),
        },
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert re.search(r"\[rejected\] PASSED", played.stdout), played.stdout
