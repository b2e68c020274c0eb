#!/bin/sh
# Guess: two valid numbers in E.164 form are two lines, and is_number_match() tells when
# they are not.
# Seen: a line of San Marino is reached behind +378 and, as part of the Italian plan,
# behind +39. Both are valid, the library takes the second for a line in Italy, and calls
# them no match: a list of people who must not be called misses the other spelling.
# Of: phonenumbers 9.0.43, its own example number. Source: ITU, numbering plan of San
# Marino, 2005-04-06.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet phonenumbers==9.0.43
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers

example = phonenumbers.example_number_for_type("SM", phonenumbers.PhoneNumberType.FIXED_LINE)
national = phonenumbers.national_significant_number(example)
through_italy = phonenumbers.parse(f"+39{national}")
seen = (
    phonenumbers.is_valid_number(example),
    phonenumbers.is_valid_number(through_italy),
    phonenumbers.region_code_for_number(through_italy),
    phonenumbers.is_number_match(example, through_italy),
)
print(f"+378{national} valid: {seen[0]}; +39{national} valid: {seen[1]}, of {seen[2]}")
print("a match" if seen[3] != phonenumbers.MatchType.NO_MATCH else "no match")
if seen != (True, True, "IT", phonenumbers.MatchType.NO_MATCH):
    sys.exit("changed: they match, or one is not valid")
EOF
