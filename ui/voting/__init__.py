"""Parts of the pages on rules, criteria, distortion, strategy and theorems."""
