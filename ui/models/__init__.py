"""Parts of the pages Models and Train wrongly."""
