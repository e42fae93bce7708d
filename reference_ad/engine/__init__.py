"""What everything else stands on: primitives and levels, trees, the tape, elements, declaring
rules."""
