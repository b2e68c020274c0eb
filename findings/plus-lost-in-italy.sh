#!/bin/sh
# Guess: a foreign number that lost its + is too long to be a valid number of the region
# that it is read with.
# Seen: in Italy the example mobiles of 31 other countries are valid without their +, of
# 29 because the Italian plan has voicemail boxes of 11 and 12 digits that begin with 3.
# is_valid_number() says true of a French mobile number, and +39 is put before it.
# Of: phonenumbers 9.0.43, its own example numbers. The range is in its metadata
# (voicemail of IT); that "valid" counts it is not documented.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet phonenumbers==9.0.43
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers
from phonenumbers import PhoneNumberType

valid = {}
for region in sorted(phonenumbers.SUPPORTED_REGIONS - {"IT", "SM", "VA"}):
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if example is None:
        continue
    national = phonenumbers.national_significant_number(example)
    try:
        read = phonenumbers.parse(f"{example.country_code}{national}", "IT")
    except phonenumbers.NumberParseException:
        continue
    if phonenumbers.is_valid_number(read):
        valid[region] = phonenumbers.number_type(read)
voicemail = [r for r, kind in valid.items() if kind == PhoneNumberType.VOICEMAIL]
print("valid in Italy without their +:", *valid)
print(f"{len(voicemail)} of {len(valid)} as voicemail")
if (len(voicemail), len(valid), valid.get("FR")) != (29, 31, PhoneNumberType.VOICEMAIL):
    sys.exit("changed: other countries, or another kind of number")
EOF
