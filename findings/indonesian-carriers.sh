#!/bin/sh
# Guess: a number that begins with a carrier's code, as people in Indonesia dial abroad,
# or with the 00 of most other countries, is read as the foreign number.
# Seen: the library knows the carrier codes 008 and 009 alone. 001 and 007, and a bare 00,
# become part of an Indonesian number of up to 17 digits, which is even "possible",
# because toll-free numbers of Indonesia may be that long.
# Of: phonenumbers 9.0.43, with its example number of the United Kingdom. Source for 00X:
# Indonesian Ministry of Transportation, decree KM 28/2004.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet phonenumbers==9.0.43
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers

example = phonenumbers.format_number(
    phonenumbers.example_number_for_type("GB", phonenumbers.PhoneNumberType.MOBILE),
    phonenumbers.PhoneNumberFormat.E164,
)
seen = {}
for prefix in ("00", "001", "007", "008", "009"):
    number = phonenumbers.parse(prefix + example.lstrip("+"), "ID")
    possible = phonenumbers.is_possible_number(number)
    seen[prefix] = (number.country_code, possible)
    print(f"{prefix} {example}: +{number.country_code}, possible: {possible}")
lost, read = (62, True), (44, True)
if seen != {"00": lost, "001": lost, "007": lost, "008": read, "009": read}:
    sys.exit("changed: other codes are read")
EOF
