"""What every page uses: layout, controls, tables, the store."""
