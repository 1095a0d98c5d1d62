"""One tool call at a time: parse the message, validate the arguments, make the result, render it."""
