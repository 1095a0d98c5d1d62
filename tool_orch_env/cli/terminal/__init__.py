"""What commands print: tables, progress bars, annotated episodes. `console` has what the other modules share."""
