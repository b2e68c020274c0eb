#!/bin/sh
# Guess: is_possible_number_with_reason() tells a number that lacks its area code: it
# has IS_POSSIBLE_LOCAL_ONLY for that, and gives it for 555-0123 in the United States.
# Seen: in Brazil 91234-5678 is plainly IS_POSSIBLE, and is_possible_number() is true,
# although fixed and mobile numbers have ten or eleven digits. Asked about mobile numbers
# alone, the same library says IS_POSSIBLE_LOCAL_ONLY. So it is in 21 regions, Australia,
# India and the United Kingdom among them: a length that numbers without their area code
# have is also that of some toll-free or shared-cost number. A list of people who must not
# be called, with the area code in a column of its own, passes this check and stops nobody.
# Of: phonenumbers 9.0.43. The documentation of the function says that it is lenient, not
# that the reason it has for this is not given.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet phonenumbers==9.0.43
"$folder/bin/python" - <<'EOF'
import sys

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType, ValidationResult

NAMES = {
    ValidationResult.IS_POSSIBLE: "possible",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "possible without area code only",
}
reason = phonenumbers.is_possible_number_with_reason
brazilian = phonenumbers.parse("91234-5678", "BR")
seen = [
    reason(phonenumbers.parse("555-0123", "US")),
    reason(brazilian),
    phonenumbers.is_possible_number_for_type_with_reason(
        brazilian, PhoneNumberType.MOBILE
    ),
]
for what, found in zip(("US", "BR", "BR, of mobiles"), seen, strict=True):
    print(f"{what}: {NAMES.get(found, found)}")


def hides_missing_area_code(region):
    plan = PhoneMetadata.metadata_for_region(region)
    possible = {*plan.general_desc.possible_length}
    whole, local = set(), set()
    for kind in (plan.fixed_line, plan.mobile, plan.personal_number, plan.voip):
        if kind and (kind.national_number_pattern or "NA") != "NA":
            whole |= {*(kind.possible_length or possible)}
            local |= {*kind.possible_length_local_only}
    return bool((local - whole) & possible)


regions = [*filter(hides_missing_area_code, sorted(phonenumbers.SUPPORTED_REGIONS))]
print(len(regions), "regions:", " ".join(regions))
local_only = ValidationResult.IS_POSSIBLE_LOCAL_ONLY
if seen != [local_only, ValidationResult.IS_POSSIBLE, local_only] or len(regions) != 21:
    sys.exit("changed: the reason is given, or other regions hide it")
EOF
