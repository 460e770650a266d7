"""What operators look at: is it alive, is it ready, how is it doing. No personal data."""
