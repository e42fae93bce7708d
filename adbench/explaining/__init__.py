"""One cell in words: what was asked, returned and true, and where it goes wrong first."""
