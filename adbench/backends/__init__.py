"""Who answers: one file per framework, the contract in `base.py`, the routes derived from it in
`derived.py`."""
