"""Examples of several turns: what leads each kind of dialogue, as programs that know whose turn it is."""
