"""The building blocks of requests, used by synthesis and slots: phrase books, criteria, the dependency graph."""
