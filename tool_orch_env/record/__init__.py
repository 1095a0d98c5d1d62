"""Record a live API as a snapshot: a spec says what to ask, and the recorder asks each call once.

    spec.py      reads and checks the spec file            openapi.py   turns an OpenAPI document into tools
    schema.py    the fields of a spec                      faults.py    finds problems in a spec
    plan.py      calls, from lists and earlier answers     request.py   turns a call into an HTTP request
    client.py    asks: rates, retries, hosts, limits       body.py      turns response bytes into JSON text
    scrub.py     masks secrets                             journal.py   stores answers durably
    recorder.py  carries out a plan, writes the folder     live.py      `on_miss="live"`: same client, an overlay

Needs the extra `[record]`. Importing this package alone loads none of these modules.
"""
