#!/bin/sh
# Guess: the parser says when an answer is complete, and should_keep_alive() says
# afterwards whether the connection can be used again.
# Seen: an answer without a length ends with its connection, as old dialers send it, and
# httptools never says that it is complete: there is no call to tell it of the end. Of an
# answer with a length, should_keep_alive() is true inside on_message_complete and false
# as soon as feed_data() has returned.
# Of: httptools 0.9.0. Not documented.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet httptools==0.9.0
"$folder/bin/python" - <<'EOF'
import sys

import httptools


KNOWN = {
    *("feed_data", "get_http_version", "get_status_code"),
    *("set_dangerous_leniencies", "should_keep_alive", "should_upgrade"),
}


class Answer:
    """Notes what the parser tells."""

    def __init__(self) -> None:
        self.told = []
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, body: bytes) -> None:
        self.told.append(body)

    def on_message_complete(self) -> None:
        self.told.append(("complete", self.parser.should_keep_alive()))


with_length, without = Answer(), Answer()
with_length.parser.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
without.parser.feed_data(b"HTTP/1.1 200 OK\r\n\r\nok")
after = with_length.parser.should_keep_alive()
calls = {name for name in dir(without.parser) if not name.startswith("_")}
print("with a length:", with_length.told, "and afterwards, keep alive:", after)
print("without:", without.told, "calls that there are:", *sorted(calls))
if (with_length.told, after) != ([b"ok", ("complete", True)], False):
    sys.exit("changed: an answer with a length is told otherwise")
if without.told != [b"ok"] or calls != KNOWN:
    sys.exit("changed: an answer without a length has an end")
EOF
