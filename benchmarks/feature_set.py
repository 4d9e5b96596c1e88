"""A set of features for the benchmarks: `NUMBER` specs with five operations each."""

from __future__ import annotations

from pathlib import Path

NUMBER = 100
OPERATIONS = 5

_SPEC = """\
featuregen: 1
feature: {name}
summary: Record {words}, as the {words} provider knows them.

settings:
  {name}_api_url: {{type: url, example: "https://{host}.example.com/v1", description: Base URL}}
  {name}_api_key: {{type: secret, example: key-of-{host}, description: Bearer key}}

errors:
  {type}Refused: {{status: 409, title: {type} refused}}
  {type}NotFound: {{status: 404, title: {type} not found}}
  {type}Unavailable: {{status: 503, title: {type} service unavailable, retry_after: 30s}}

upstreams:
  {name}_provider:
    base_url: {name}_api_url
    auth: {{bearer: {name}_api_key}}
    timeout: 10s
    retries: 2
    error_message: error.message
    errors:
      404: {{raise: {type}NotFound, message: No such {words}}}
      409: {{raise: {type}Refused, message: "Refused: {{upstream_message}}"}}
      other: {{raise: {type}Unavailable, message: The provider is not available}}

models:
  {type}Request:
    fields:
      amount: {{type: decimal, gt: 0, le: 5000, decimal_places: 2}}
      currency: {{type: string, pattern: "^[A-Z]{{3}}$", default: EUR}}
      reference: {{type: string, min_length: 1, max_length: 80}}
      quantity: {{type: int, ge: 1, le: 100, default: 1}}
      note: {{type: string, max_length: 500, required: false}}
  {type}:
    fields:
      {name}_id: {{type: string, min_length: 1, max_length: 64}}
      status: {{type: enum, values: [open, done, cancelled]}}
      amount: {{type: decimal, decimal_places: 2}}
      currency: {{type: string, pattern: "^[A-Z]{{3}}$"}}
      created_at: datetime

operations:
  create_{name}:
    method: POST
    path: /
    request: {type}Request
    response: {type}
    status: 201
    permission: {name}.write
    rate_limit: 10/minute
    call:
      method: POST
      path: /items
      send: {{amount: amount, currency: currency, reference: reference, quantity: quantity,
             note: note, owner: user.id}}
      receive: &item {{{name}_id: id, status: status, amount: amount, currency: currency,
                       created_at: created_at}}
  get_{name}:
    method: GET
    path: /{{{name}_id}}
    response: {type}
    permission: {name}.read
    call: {{method: GET, path: "/items/{{{name}_id}}", receive: *item}}
  list_{name}:
    method: GET
    path: /
    query:
      status: {{type: enum, values: [open, done, cancelled], required: false}}
      limit: {{type: int, ge: 1, le: 100, default: 20}}
    response: list[{type}]
    permission: {name}.read
    call:
      {{method: GET, path: /items, send: {{status: status, limit: limit}}, items: data,
       receive: *item}}
  cancel_{name}:
    method: POST
    path: /{{{name}_id}}/cancel
    response: {type}
    permission: {name}.write
    call: {{method: POST, path: "/items/{{{name}_id}}/cancel", receive: *item}}
  delete_{name}:
    method: DELETE
    path: /{{{name}_id}}
    response: none
    status: 204
    permission: {name}.write
    call: {{method: DELETE, path: "/items/{{{name}_id}}"}}
"""

_FIRST = ("amber", "brisk", "coral", "dusty", "early", "faint", "green", "happy", "ivory", "jolly")
_SECOND = ("acorn", "badge", "cabin", "daisy", "eagle", "flute", "grape", "heron", "inlet", "jewel")


def write_specs(folder: Path) -> list[Path]:
    """Write the specs of the set; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for first in _FIRST:
        for second in _SECOND:
            name = f"{first}_{second}"
            paths.append(folder / f"{name}.yaml")
            paths[-1].write_text(
                _SPEC.format(
                    name=name,
                    words=f"{first} {second}",
                    host=f"{first}-{second}",
                    type=f"{first.title()}{second.title()}",
                )
            )
    return paths
