"""Packages: wheel and sdist are complete, and an installed wheel works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import leadctl

ROOT = Path(__file__).parent.parent
LEFT_BEHIND = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  commands of this file
        command,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"},
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from the sdist, as `make dist` does: offline."""
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation")
    done = run(folder, *build, "--outdir", folder, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(built.glob("*.whl")))


def files(folder: str) -> set[str]:
    """Name the files of a folder of ours, as they are in the tree."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and LEFT_BEHIND.isdisjoint(path.parts)
    }


def test_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    names = set(wheel(built).namelist())
    ours = files("leadctl")
    assert ours >= {"leadctl/py.typed", "leadctl/cli/vocabulary.json"}
    assert "leadctl/cli/completions/_leadctl" in ours
    pages = f"leadctl-{leadctl.__version__}.data/data/share/man/man1/"
    ours |= {pages + Path(name).name for name in files("docs/man")}
    assert {name for name in names if ".dist-info/" not in name} == ours


def test_sdist_holds_what_is_needed_to_test_and_document_it(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = set[str]()
    for folder in ("leadctl", "tests", "docs"):
        wanted |= files(folder)
    assert wanted <= names
    assert names >= {"LICENSE", "Makefile", "README.md", "pyproject.toml"}


def test_metadata_says_what_it_is(built: Path) -> None:
    archive = wheel(built)
    place = f"leadctl-{leadctl.__version__}.dist-info"
    found = message_from_bytes(archive.read(f"{place}/METADATA"))
    assert found["Name"] == "leadctl"
    assert found["Version"] == leadctl.__version__
    assert found["License-Expression"] == "MIT"
    assert found["Requires-Python"] == ">=3.11"
    assert found["Description-Content-Type"] == "text/markdown"
    assert f"{place}/licenses/LICENSE" in archive.namelist()


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh environment; returns its folder of programs.

    What leadctl depends on is lent from ours, so that nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"))
    options = ("--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check")
    done = run(folder, *pip, "install", *options, next(built.glob("*.whl")))
    assert done.returncode == 0, done.stderr
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def test_installed_wheel_tells_its_version(installed: Path, tmp_path: Path) -> None:
    told = run(tmp_path, installed / "leadctl", "--version")
    assert (told.stdout, told.stderr) == (f"leadctl {leadctl.__version__}\n", "")
    where = "import leadctl; print(leadctl.__file__)"
    imported = run(tmp_path, installed / "python", "-c", where)
    assert Path(imported.stdout).is_relative_to(installed.parent)


def test_installed_wheel_imports_a_file(installed: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "leads.csv", tmp_path)
    target = ("--provider", "voiso", "--campaign", "3", "--sandbox")
    done = run(tmp_path, installed / "leadctl", "push", "leads.csv", *target)
    assert done.returncode == 3, done.stderr
    assert "created    5" in done.stdout
