"""How each shell asks for completions, and the format of the answer."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPTS = {
    "bash": "leadctl.bash",
    "zsh": "_leadctl",
    "fish": "leadctl.fish",
    "powershell": "leadctl.ps1",
}
"""The shells, and the names of their scripts in the folder `completions`."""


def script(shell: str) -> str:
    """Return what makes a shell ask for completions."""
    folder = Path(__file__).with_name("completions")
    return (folder / SCRIPTS[shell]).read_text(encoding="utf-8")


def words(shell: str, environment: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the words before the cursor, and the word at it."""
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    if shell == "bash":
        line = environment.get("COMP_WORDS", "")
    found = _split(line)[1:]
    if shell == "bash":
        place = max(int(environment.get("COMP_CWORD", "1")) - 1, 0)
        return found[:place], found[place] if place < len(found) else ""
    if shell == "powershell":  # it hands over no blank at the end
        typed = environment.get("_TYPER_COMPLETE_WORD_TO_COMPLETE", "")
        return (found[:-1] if typed else found), typed
    return (found, "") if line.endswith(" ") or not found else (found[:-1], found[-1])


def written(shell: str, offers: Mapping[str, str]) -> str:
    """Format the offers and their descriptions for the shell."""
    match shell:
        case "fish":
            lines = (f"{word}\t{text}".rstrip() for word, text in offers.items())
            return "\n".join(lines)
        case "powershell":  # which refuses an empty meaning
            return "\n".join(f"{word}:::{text or ' '}" for word, text in offers.items())
        case "zsh" if offers:
            lines = (
                f'"{_quoted(word)}"' + (f':"{_quoted(text)}"' if text else "")
                for word, text in offers.items()
            )
            return "_arguments '*: :((" + "\n".join(lines) + "))'"
        case "zsh":
            return "_files"
        case _:
            return "\n".join(offers)


def is_plain(word: str) -> bool:
    """Tell whether a shell accepts the word as it is; others are not offered."""
    return re.fullmatch(r"[\w.@%+-]+", word) is not None


def install(shell: str, home: Path) -> Path:
    """Write the shell's script to its usual place; returns that place."""
    match shell:
        case "fish":
            place = home / ".config/fish/completions/leadctl.fish"
        case "zsh":
            place = home / ".zfunc/_leadctl"
            line = "fpath+=~/.zfunc; autoload -Uz compinit; compinit"
            _add_line(home / ".zshrc", line)
        case "powershell":
            place = home / ".config/powershell/leadctl.ps1"
            _add_line(place.with_name("profile.ps1"), f". '{place}'")
        case _:
            place = home / ".bash_completions/leadctl.sh"
            _add_line(home / ".bashrc", f"source '{place}'")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(script(shell), encoding="utf-8")
    return place


def _add_line(start_up_file: Path, line: str) -> None:
    start_up_file.parent.mkdir(parents=True, exist_ok=True)
    start_up_file.touch()
    if line not in start_up_file.read_text(encoding="utf-8").splitlines():
        with start_up_file.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")


def _split(line: str) -> list[str]:
    """Split as a shell does; an unclosed quote ends with the line."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    found: list[str] = []
    try:
        for word in lexer:
            found.append(word)  # noqa: PERF402  those before a quote that stays open count
    except ValueError:
        found.append(lexer.token)
    return found


def _quoted(text: str) -> str:
    """Quote for zsh's `_arguments`: inside double quotes inside single ones."""
    marks = {'"': '""', "'": "''", "$": r"\$", "`": r"\`", ":": r"\\:"}
    return "".join(marks.get(letter, letter) for letter in text)
