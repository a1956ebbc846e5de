"""How the command `kerasch2` reads its words: parsers that suggest, kinds of values, and completion by a shell."""
