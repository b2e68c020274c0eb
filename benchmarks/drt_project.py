"""The same rows sent by drt: a DuckDB query over the file, a REST API in batch mode.

It checks no number, looks for no duplicate and reads no answer; the query does the
mapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measured import Cost, cost

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.world import World

PROFILES = "bench:\n  type: duckdb\n  database: ':memory:'\n"
PROJECT = "name: bench\nversion: '0.1'\nprofile: bench\n"
SYNC = """\
name: leads
model: |
  select regexp_replace("Phone No.", '[^0-9]', '', 'g') as phone_number,
         "First Name" || ' ' || "Last Name" as name,
         case "Score" when 'hot' then 1 when 'warm' then 500 else 750 end as priority
  from read_csv('{file}', header = true, all_varchar = true)
destination:
  type: rest_api
  url: {url}/campaigns/3/leads
  method: POST
  headers: {{Content-Type: application/json, Authorization: Bearer made-up}}
  body_mode: batch
  batch_template: "{{{{ rows | tojson }}}}"
  max_records_per_request: {records}
sync:
  batch_size: {fetched}
  rate_limit: {{requests_per_second: 1000000}}
"""


def sync(world: World, file: Path, url: str, *, records: int, fetched: int) -> Cost:
    """Send a file with `records` a request, and `fetched` rows in hand at a time."""
    folder = world.folder / "drt"
    (folder / "syncs").mkdir(parents=True, exist_ok=True)
    home = world.folder / "home" / ".drt"
    home.mkdir(parents=True, exist_ok=True)
    (home / "profiles.yml").write_text(PROFILES)
    (folder / "drt_project.yml").write_text(PROJECT)
    text = SYNC.format(file=file, url=url, records=records, fetched=fetched)
    (folder / "syncs" / "leads.yml").write_text(text)
    return cost(["drt", "run", "--quiet"], folder, world.environment)
