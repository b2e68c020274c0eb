#!/usr/bin/env bash
# The loop that people write first: one request a lead.
set -euo pipefail
tail -n +2 "$1" | while IFS=, read -r first last phone _email _score; do
  curl --silent --show-error --fail --output /dev/null \
    --header 'Content-Type: application/json' \
    --data "[{\"phone_number\": \"${phone//[^0-9]/}\", \"name\": \"$first $last\"}]" \
    "$2/campaigns/3/leads"
done
