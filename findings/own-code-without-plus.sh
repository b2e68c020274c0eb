#!/bin/sh
# Guess: a valid number whose + was lost is still recognised by its country code, or is
# too long for its country and therefore invalid.
# Seen: in Germany, Indonesia, Sweden and Kosovo the code and the number together are a
# longer valid number of the same country. phonenumbers takes that one: the code stands
# there twice afterwards, and somebody else is called.
# Of: phonenumbers 9.0.43, its own example numbers. Not documented.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet phonenumbers==9.0.43
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers
from phonenumbers import PhoneNumberType

seen = []
for region in sorted(phonenumbers.SUPPORTED_REGIONS):
    for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        national = phonenumbers.national_significant_number(example)
        without_plus = f"{example.country_code}{national}"
        read = phonenumbers.parse(without_plus, region)
        if read != example and phonenumbers.is_valid_number(read):
            e164 = phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
            print(f"{region}: {without_plus} is read as {e164}, valid")
            seen.append(region)
if seen != ["DE", "ID", "ID", "SE", "XK", "XK"]:
    sys.exit(f"changed: it is so in {seen}")
EOF
