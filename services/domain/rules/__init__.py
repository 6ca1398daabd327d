"""Rules: conditions on an answer, and what is done where they hold. Pure.

`decide` is the one place where anything is decided: the desk at work and a simulation both call it,
so what a simulation says is what would have been done.
"""
