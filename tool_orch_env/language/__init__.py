"""What requests are made of: phrase books, criteria, the dependency graph. Used by synthesis and slots."""
