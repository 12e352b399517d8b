"""Parts of the page on sweeps: many runs of one scenario over settings and seeds."""
