"""What is kept: the row, the journal of rows on disk, and the pandas frame made of them."""
