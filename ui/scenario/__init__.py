"""Parts of the page Scenario."""
