"""What every page uses: layout, controls, tables, runs and uploads."""
