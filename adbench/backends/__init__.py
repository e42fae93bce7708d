"""The adapters.

One file per framework, the contract in `base.py`, the operators as compositions of it in
`operators.py`.
"""
