"""What one may ask of a rule: checkers, searches, and the counterexamples that are kept."""
