"""Condition, key-condition, filter, update and projection expressions.

Text is parsed once (`grammar`, cached) to a tree of `nodes` with placeholders; each call binds the tree to
its names and values (`binding`, which makes the static checks), and `conditions`, `updates`, `projection`
and `keyconditions` give the bound tree its meaning.
"""
