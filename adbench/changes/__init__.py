"""Two runs compared: which verdicts changed, and which cells became faster or slower."""
