"""From a traced function to NumPy source."""
