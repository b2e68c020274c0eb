#!/bin/sh
# Guess: a word behind a number ("030 1234567 Fax") is ignored, or makes it invalid.
# Seen: three letters make the whole a vanity number. Fax becomes 329, and where numbers
# differ in length, as in Germany, the result is a valid number of somebody else. Two
# letters are ignored. The end of a second number ("/ 68") becomes part of the first.
# Of: phonenumbers 9.0.43. Vanity numbers are documented, that a word behind digits makes
# one is not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet phonenumbers==9.0.43
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers

base = phonenumbers.format_number(
    phonenumbers.example_number_for_type("DE", phonenumbers.PhoneNumberType.FIXED_LINE),
    phonenumbers.PhoneNumberFormat.NATIONAL,
)
whole = phonenumbers.national_significant_number(phonenumbers.parse(base, "DE"))
seen = []
for behind in ("", " FX", " Fax", " / 68"):
    number = phonenumbers.parse(base + behind, "DE")
    national = phonenumbers.national_significant_number(number)
    added = national.removeprefix(whole)
    seen.append((added, phonenumbers.is_valid_number(number)))
    print(f"{base}{behind}: digits added {added or 'none'}, valid: {seen[-1][1]}")
if seen != [("", True), ("", True), ("329", True), ("68", True)]:
    sys.exit("changed: other digits are added, or the number is not valid")
EOF
