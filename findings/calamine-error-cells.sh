#!/bin/sh
# Guess: a cell that shows #N/A, and a formula that no spreadsheet has calculated yet, are
# told from an empty cell.
# Seen: python-calamine gives an empty text for all three, so a number that is missing
# because a look-up failed looks like nobody's. openpyxl gives the error's name, and
# nothing for the formula.
# Of: python-calamine 0.9.1 and openpyxl 3.1.5, which writes the workbook. Not documented.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --quiet openpyxl==3.1.5 python-calamine==0.9.1
"$folder/bin/python" - <<'EOF'
import io
import sys

import openpyxl
import python_calamine

book = openpyxl.Workbook()
book.active.append(["error", "formula", "empty", "text"])
book.active.append(["#N/A", "=1+1", None, "a"])
file = io.BytesIO()
book.save(file)
file.seek(0)
by_openpyxl = [cell.value for cell in openpyxl.load_workbook(file, data_only=True).active[2]]
file.seek(0)
sheet = python_calamine.CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
by_calamine = sheet.to_python()[1]
print("openpyxl:", by_openpyxl)
print("python-calamine:", by_calamine)
if by_openpyxl != ["#N/A", None, None, "a"] or by_calamine != ["", "", "", "a"]:
    sys.exit("changed: the cells are read otherwise")
EOF
