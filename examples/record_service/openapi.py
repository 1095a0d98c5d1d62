"""Prints the service's OpenAPI document: `python examples/record_service/openapi.py > openapi.json`."""

import json

from service import app

print(json.dumps(app.openapi(), indent=1))
