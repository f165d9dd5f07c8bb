"""Conversations that follow a plan: what the user does in each turn, and what the answers must keep to."""
