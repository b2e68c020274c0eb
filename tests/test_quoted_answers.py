"""Quoted answers have none of our secrets and none of the provider's people.

Each answer is searched for on the screen and in every file that a run leaves.
"""

from __future__ import annotations

import html
import json
import sqlite3
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import pytest
from program import csv_rows
from wire import answer, wired

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Push

SECRET = "Made+up/&key=12'9"
SHORT = "q7:Wz2"


def spelled(secret: str, prefix: str = "\\u") -> str:
    return "".join(f"{prefix}{ord(letter):04x}" for letter in secret)


class Said(NamedTuple):
    """A way to write a secret into a sentence, and how its answer is encoded."""

    text: str
    encoding: str = "utf-8"
    charset: str = ""
    raw: bool = False


def ways(secret: str) -> Iterator[tuple[str, Said]]:
    yield "as it is", Said(secret)
    yield "upper case", Said(secret.upper())
    yield "escaped JSON", Said(spelled(secret), raw=True)
    yield "escaped JSON in JSON", Said(spelled(secret))
    yield "escaped bytes", Said(spelled(secret, "\\x00").replace("\\x0000", "\\x"))
    yield "in an address", Said(quote(secret, safe=""))
    yield "in an address, lower case", Said(quote(secret, safe="").lower())
    yield "in an address in an address", Said(quote(quote(secret, safe=""), safe=""))
    yield "in HTML", Said(html.escape(secret))
    yield "in HTML by names", Said(secret.replace("+", "&plus;").replace("/", "&sol;"))
    yield "in HTML by numbers", Said("".join(f"&#{ord(c)};" for c in secret))
    yield "in HTML in HTML", Said("".join(f"&amp;#x{ord(c):X};" for c in secret))
    yield "UTF-16", Said(secret, "utf-16", "utf-16")
    yield "UTF-16 without a word", Said(secret, "utf-16-le")
    yield "UTF-16 called UTF-8", Said(secret, "utf-16-be", "utf-8")
    yield "UTF-32", Said(secret, "utf-32", "utf-32")


def answered(sentence: str, said: Said) -> bytes:
    body = json.dumps({"success": False, "error": sentence})
    body = body.replace("\\\\u", "\\u") if said.raw else body
    kind = f"Content-Type: application/json; charset={said.charset or 'utf-8'}"
    return answer(body.encode(said.encoding), kind, status="400 No")


def refused(
    push: Push, answers: list[bytes], rows: list[str], key: str, at_once: int = 1
) -> str:
    """Push to a provider that refuses each lead; returns all that is there to read."""
    push.program.write("leads.csv", "\n".join(["phone,name,email", *rows, ""]))
    late = answer(b"", status="503 Busy")
    with wired({"GET": late, "POST": answers}) as wire:
        env = {
            "LEADCTL_LUPITOR_BASE_URL": f"http://127.0.0.1:{wire.port}",
            "LEADCTL_LUPITOR_API_KEY": key,
            "LEADCTL_LUPITOR_RETRY_FOR": "0",
            "LEADCTL_LUPITOR_CONCURRENCY": "1",
        }
        size = ("--batch-size", str(at_once), "-v")
        ran = push("lupitor", "leads.csv", *size, env=env, campaign="cmp_1")
    later = [
        push.program("runs", "show", "--json"),
        push.program("runs", "export"),
        push.program("runs", "report", "--html", "run.html"),
    ]
    read = [each.out + each.err for each in (ran, *later)]
    folders = (push.program.folder, push.program.state)
    files = [path for folder in folders for path in folder.rglob("*")]
    read += [
        path.read_bytes().decode("latin-1")
        for path in files
        if path.is_file() and path.suffix != ".csv"
    ]
    rejects = csv_rows(push.program.folder / "leads.rejects.csv")
    return "\n".join([*read, *(row["_leadctl_reason"] for row in rejects)])


@pytest.mark.parametrize("secret", [SECRET, SHORT], ids=["long", "short"])
def test_secret_is_not_repeated_however_it_is_written(push: Push, secret: str) -> None:
    forms = dict(ways(secret))
    answers = [
        answered(f"{n}: {said.text} is wrong", said) for n, said in forms.items()
    ]
    rows = [f"+9190000000{number:02},," for number in range(len(forms))]
    read = refused(push, answers, rows, secret)
    for name, said in forms.items():
        assert f"{name}: " in read
        for form in (secret, said.text):
            assert form.casefold() not in read.casefold(), name


def test_text_cut_off_within_a_secret_does_not_show_its_beginning(push: Push) -> None:
    sentence = f"{'word ' * 39}, {SHORT} is wrong"
    read = refused(push, [answered(sentence, Said(SHORT))], ["+919000000001,,"], SHORT)
    assert "word word" in read
    assert SHORT[:3] not in read


PEOPLE = {
    "Lead Zebedee Quillfeather is invalid": "Lead … is invalid",
    "zebedee, quillfeather: unknown": "…: unknown",
    "Dear Zebedee, no": "Dear …, no",
    "ZEBEDEE@MAIL.EXAMPLE bounced": "… bounced",
    "somebody.else@mail.example was first": "… was first",
    "900/000/0001 is bad": "… is bad",
    "9:1:9:0:0:0:0:0:0:0:0:1 is bad": "… is bad",
    "91 . 90000 _ 00001 is bad": "… is bad",
}


def test_people_are_not_named_in_what_a_provider_says(push: Push) -> None:
    rows = ["+919000000001,Zebedee Quillfeather,zebedee@mail.example"] * len(PEOPLE)
    rows = [row.replace("0001", f"{i:04}", 1) for i, row in enumerate(rows, 1)]
    answers = [answered(sentence, Said("")) for sentence in PEOPLE]
    read = refused(push, answers, rows, SECRET)
    for shown in PEOPLE.values():
        assert shown in read
    for word in ("zebedee", "quillfeather", "mail.example", "00001", "0/0001"):
        assert word not in read.casefold(), word


def test_reason_of_a_row_does_not_name_the_person_of_another(push: Push) -> None:
    rows = ["+919000000001,Zebedee Quillfeather,", "+919000000002,Ottoline Bramble,"]
    said = "leads[1]: same house as Quillfeather, Zebedee and Zebedee Quillfeather"
    answers = [answered(said, Said("")), answered("No", Said(""))]
    read = refused(push, answers, rows, SECRET, at_once=2)
    assert "same house as …, … and …" in read
    assert "Zebedee" not in read


def test_pruned_run_leaves_nothing_that_its_provider_said(push: Push) -> None:
    said = "made-up sentence"
    read = refused(push, [answered(said, Said(""))], ["+919000000001,,"], SECRET)
    assert said in read
    assert push.program("runs", "prune", "--days", "0", "--yes").code == 0
    require_gone(push, said)


def test_forget_leaves_no_sentence_that_nothing_refers_to(push: Push) -> None:
    said = "made-up sentence"
    push.program.write("leads.csv", "phone\n+15551230001\n")
    assert push("voiso", "leads.csv").code == 0
    with sqlite3.connect(push.program.state / "ledger.sqlite") as db:
        db.execute("INSERT INTO reasons (text) VALUES (?)", [said])
    db.close()
    assert push.program("forget", "+15551230001", "--yes").code == 0
    require_gone(push, said)


def require_gone(push: Push, said: str) -> None:
    for path in push.program.state.glob("ledger.sqlite*"):
        if path.is_file():
            assert said.encode() not in path.read_bytes(), path
