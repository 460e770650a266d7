"""What signing costs a person: taps, tabs, words, pixels, bytes; and what two validators say of the pages."""
