"""The adviser: which backend, staging and mode for a function at its sizes, by measurement."""
