"""What the right answer is: enclosures, their certificates, and bounds for every dtype."""
