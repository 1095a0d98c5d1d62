"""JSON values: strict decoding and the canonical form."""
