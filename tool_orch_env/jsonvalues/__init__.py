"""JSON values: canonical form, pointers, strict decoding, scalars in text. The lowest layer."""
