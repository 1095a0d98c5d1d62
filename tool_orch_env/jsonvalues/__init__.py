"""JSON values: canonical form, JSON Pointer, strict decoding, comparing scalars. The lowest layer of the package."""
