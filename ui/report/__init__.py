"""The page of election reports."""
