#!/bin/sh
# Guess: a newer version of the metadata reads what an older one has read: +52 1 and ten
# digits is how every Mexican mobile number was written from abroad until 2019.
# Seen: phonenumbers 8.13.0 takes the 1 out, and the 044 of calls from home; 9.0.43 keeps
# them and calls the number impossible. With the upgrade, stored numbers stop matching those
# that people write today.
# Of: phonenumbers 8.13.0 and 9.0.43, with its own example number. Source: IFT, decision
# of 2017-11-16, in force since 2019-08-03.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet phonenumbers==8.13.0
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers

example = phonenumbers.example_number_for_type("MX", phonenumbers.PhoneNumberType.MOBILE)
ten = str(example.national_number)[-10:]
for written in (f"+521{ten}", f"044{ten}"):
    number = phonenumbers.parse(written, "MX")
    if str(number.national_number) != ten or not phonenumbers.is_valid_number(number):
        sys.exit(f"changed: 8.13.0 does not take the prefix out of {written}")
    print(f"8.13.0: {written} is the valid number +52{ten}")
EOF
"$folder/bin/pip" install --quiet --quiet phonenumbers==9.0.43
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers

example = phonenumbers.example_number_for_type("MX", phonenumbers.PhoneNumberType.MOBILE)
ten = str(example.national_number)[-10:]
for written in (f"+521{ten}", f"044{ten}"):
    number = phonenumbers.parse(written, "MX")
    if str(number.national_number) == ten or phonenumbers.is_possible_number(number):
        sys.exit(f"changed: 9.0.43 reads {written}")
    print(f"9.0.43: {written} is an impossible number")
EOF
