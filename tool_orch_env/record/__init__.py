"""Live API -> snapshot: a spec says what to ask, the recorder asks it once, the answers become a folder.

    spec.py      the spec file, read and checked           openapi.py   an OpenAPI document as tools
    schema.py    its fields                                faults.py    what a spec gets wrong
    plan.py      what to call, from lists and answers      request.py   a call as an HTTP request
    client.py    asks: rates, retries, hosts, limits       body.py      the bytes of an answer as JSON text
    scrub.py     secrets taken out                         journal.py   what was answered, durably
    recorder.py  the plan carried out, the folder written  live.py      `miss="live"`: the same client, an overlay

Needs the extra `[record]`. Importing this package alone loads none of it.
"""
