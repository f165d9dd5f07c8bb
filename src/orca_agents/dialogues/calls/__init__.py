"""Dialogues in which an assistant calls functions: their notation, their library, the state behind them."""
