"""What people see: tables on screen and in Markdown, and the sweep of forward against reverse mode
in sentences."""
