"""The page: one HTML file of a run, or of several, that opens without network and script.

`runs.py` says what of a run it is made from, `answer` of the reporting what stands on top,
`matrix.py` and `figures/` what is shown, `build.py` puts it together from `templates/`.
"""
