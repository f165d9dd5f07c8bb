"""Hand a dataset over to TRL: the chats in order, a chat template, a config and a script. No trainer of our own."""
