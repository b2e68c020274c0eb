#!/bin/sh
# Guess: a .zst file to which somebody appended another one ("cat a.zst b.zst", as gzip
# allows, or a log that is compressed in parts) is unpacked whole, or not at all.
# Seen: ZstdDecompressor().decompress() gives the first part and no error; the rows of the
# others are gone. The same library's stream_reader(), and backports.zstd, give all.
# Of: zstandard 0.25.0 and backports.zstd 1.8.0. Source: RFC 8878, section 3.1: data is
# one frame or more; zstandard documents the argument allow_extra_data.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet zstandard==0.25.0 backports.zstd==1.8.0
"$folder/bin/python" - <<'EOF'
import io
import sys

import zstandard
from backports import zstd

packed = b"".join(zstandard.ZstdCompressor().compress(part) for part in (b"one ", b"two"))
seen = {
    "zstandard, decompress": zstandard.ZstdDecompressor().decompress(packed),
    "zstandard, stream_reader": zstandard.ZstdDecompressor()
    .stream_reader(io.BytesIO(packed))
    .read(),
    "backports.zstd, decompress": zstd.decompress(packed),
}
for name, content in seen.items():
    print(f"{name}: {content.decode()}")
if [*seen.values()] != [b"one ", b"one two", b"one two"]:
    sys.exit("changed: another part is read")
EOF
